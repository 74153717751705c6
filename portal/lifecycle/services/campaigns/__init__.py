"""Upgrade campaigns: preparing, steering, answering, and advancing them."""
