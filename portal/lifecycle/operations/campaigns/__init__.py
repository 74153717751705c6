"""What upgrade campaigns tell people, and what they make of how things went."""
