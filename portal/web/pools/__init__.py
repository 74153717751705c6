"""Pages about teams' quotas: how they stand, limiting them, asking for more, deciding."""
