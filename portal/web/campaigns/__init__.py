"""What pages of upgrade campaigns, of the fleet and of versions show."""
