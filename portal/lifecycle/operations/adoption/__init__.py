"""Finding the values with which a chart renders what runs."""
