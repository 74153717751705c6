"""What people do about drift: look again, bring back, seal, or let be until a date."""
