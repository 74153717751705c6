"""What pages show of drift, and how people act on it there."""
