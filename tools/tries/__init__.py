"""The product, tried as somebody new would: in a browser, by mouse, by keyboard alone, on a phone, in the
dark, and without scripts; with a picture of each step."""
