"""Slipway: the internal developer self-service portal."""
