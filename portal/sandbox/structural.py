"""Types of custom resources, compiled from their structural schemas (apiextensions.k8s.io/v1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal.policy.schema.definitions import OBJECT_META
from portal.policy.schema.types import ANY, Node, by_name

Schema = Mapping[str, Any]


def compiled(schema: Schema | None) -> Node:
    """The type of a whole custom resource: the author's schema plus apiVersion, kind and metadata."""
    if schema is None:
        node = Node("map")
        node.preserve = True
    else:
        node = _compile(schema)
        node.kind = "map"
    node.fields = {**node.fields, **_type_meta()}
    node.schema = schema or {}
    return node


def _type_meta() -> dict[str, Node]:
    text = Node("scalar")
    text.format = text.go = "string"
    return {"apiVersion": text, "kind": text, "metadata": by_name(OBJECT_META)}


def _compile(schema: Schema) -> Node:
    kind = schema.get("type")
    preserve = bool(schema.get("x-kubernetes-preserve-unknown-fields"))
    if schema.get("x-kubernetes-int-or-string"):
        node = Node("scalar")
        node.format = node.go = "intOrString"
    elif kind == "object" or schema.get("properties") or schema.get("additionalProperties"):
        node = _compile_map(schema, preserve)
    elif kind == "array":
        node = Node("list")
        node.element = _compile(schema.get("items") or {})
        relation = schema.get("x-kubernetes-list-type") or "atomic"
        node.atomic, node.is_set = relation == "atomic", relation == "set"
        node.keys = tuple(schema.get("x-kubernetes-list-map-keys") or ())
    elif kind:
        node = Node("scalar")
        node.format = node.go = str(kind)
    else:
        return ANY
    node.schema = schema
    return node


def _compile_map(schema: Schema, preserve: bool) -> Node:
    node = Node("map")
    node.fields = {name: _compile(each) for name, each in (schema.get("properties") or {}).items()}
    additional = schema.get("additionalProperties")
    if isinstance(additional, dict):
        node.element = _compile(additional)
    elif additional:
        node.element = ANY
    node.preserve = preserve
    node.atomic = schema.get("x-kubernetes-map-type") == "atomic"
    if schema.get("x-kubernetes-embedded-resource"):
        node.fields = {**node.fields, **_type_meta()}
    return node
