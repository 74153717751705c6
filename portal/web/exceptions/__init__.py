"""Pages about policy exceptions: asking, deciding, and what they add up to."""
