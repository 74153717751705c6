"""Keywords of ours laid on the schema of a chart that is somebody else's; see schemas for what they mean.

marks:
  /auth/password: {x-slipway-secret: true, x-slipway-generate: {length: 24}}
  /replicaCount: {x-slipway-plan: true}
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from portal.core.pointers import Path, parse
from services_catalog import schemas
from services_catalog.messages import Problem, problem

YES = {"const": True}
MARK: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "minProperties": 1,
    "properties": {
        schemas.SECRET: YES,
        schemas.GENERATE: {"type": "object"},
        schemas.CONTEXT: {"enum": sorted(schemas.CONTEXT_NAMES)},
        schemas.PLAN: YES,
        schemas.IMMUTABLE: YES,
        schemas.HINT: {"type": "string", "minLength": 1, "maxLength": 300},
        "title": {"type": "string", "minLength": 1, "maxLength": 100},
        "description": {"type": "string", "minLength": 1, "maxLength": 2000},
    },
}
MARKS: dict[str, Any] = {
    "type": "object",
    "maxProperties": 200,
    "propertyNames": {"pattern": "^(/[^/]+)+$", schemas.HINT: "Write a JSON pointer such as /auth/password."},
    "additionalProperties": MARK,
}


def marked(schema: Mapping[str, Any], marks: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """A copy of the schema with the marks in their places; what a reference leads to is written out there."""
    root: dict[str, Any] = copy.deepcopy(dict(schema))
    for text, mark in marks.items():
        _reach(root, parse(text)).update(copy.deepcopy(dict(mark)))
    return root


def problems(schema: Mapping[str, Any], marks: Mapping[str, Mapping[str, Any]]) -> Iterator[Problem]:
    """Places that the schema, as it was before, does not know."""
    for text in marks:
        if schemas.at(schema, parse(text)) is None:
            yield problem(("marks", text), f"The chart's schema knows no {text}.", "unknown")


def _reach(root: dict[str, Any], path: Path) -> dict[str, Any]:
    node = _written_out(root, root)
    for end, part in enumerate(path, start=1):
        inner = node.setdefault("properties", {})
        if not isinstance(inner.get(part), dict):
            inner[part] = copy.deepcopy(schemas.at(root, path[:end]) or {})
        node = _written_out(inner[part], root)
    return node


def _written_out(node: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in node:
        whole = copy.deepcopy(schemas.resolve(node, root))
        node.clear()
        node.update(whole)
    return node
