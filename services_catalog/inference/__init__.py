"""A schema for a chart that has none, from its values.yaml: defaults give types, comments give words."""

from services_catalog.inference.schema import infer

__all__ = ["infer"]
