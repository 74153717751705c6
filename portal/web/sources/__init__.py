"""Pages about sources of charts, what was found in them, and what is made of that."""
