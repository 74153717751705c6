"""Shapes of what people type. Rules live in services."""
