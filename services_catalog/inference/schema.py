"""From the text of a values.yaml to a schema. The same text gives the same schema, always."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from portal.core.pointers import Path, pointer
from portal.core.yaml_loader import Loader
from services_catalog import schemas
from services_catalog.inference import guesses
from services_catalog.inference.comments import Comments

DRAFT = "https://json-schema.org/draft/2020-12/schema"
MOST_KEYS = 10_000
MOST_DEPTH = 20
_TAG = "tag:yaml.org,2002:"


def infer(
    text: str, *, open_keys: Collection[str] = (), secrets: Mapping[str, bool] | None = None
) -> dict[str, Any]:
    """A JSON Schema of the values, marked `x-slipway-inferred`: types, words, sections, likely secrets.

    Nothing is closed: what the text does not know may still be given. `open_keys` are keys of the first
    level that hold other charts' values (dependencies, `global`). `secrets` overrides what is taken for a
    secret, by JSON pointer. Never raises: text that is no mapping gives a schema that takes anything.
    """
    schema: dict[str, Any] = {"$schema": DRAFT, "type": "object", schemas.INFERRED: True}
    try:
        root = yaml.compose(text, Loader=Loader)
    except (yaml.YAMLError, ValueError, RecursionError):
        return schema
    if not isinstance(root, yaml.MappingNode):
        return schema
    walk = _Walk(Comments(text), secrets or {})
    schema["properties"] = walk.properties(root, ())
    for key in open_keys:
        known = schema["properties"].setdefault(key, {"type": "object"})
        known[schemas.OPEN] = True
    return schema


@dataclass
class _Walk:
    comments: Comments
    secrets: Mapping[str, bool]
    left: int = field(default=MOST_KEYS)

    def properties(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in node.value:
            name = str(key.value) if isinstance(key, yaml.ScalarNode) else ""
            if not name or key.tag == f"{_TAG}merge" or self.left <= 0:
                continue
            self.left -= 1
            found[name] = self.place(key, value, (*path, name))
        return found

    def place(self, key: yaml.Node, value: yaml.Node, path: Path) -> dict[str, Any]:
        line, column = key.start_mark.line, key.start_mark.column
        behind = value.end_mark.column if value.end_mark.line == line else None
        said = self.comments.description(".".join(path), line, column, behind)
        schema = self.typed(value, path)
        section = self.comments.section(line, column) if len(path) == 1 else ""
        if section:
            schema[schemas.SECTION] = section
        if said:
            schema["description"] = said
        default = _plain(value)
        guessed = isinstance(value, yaml.ScalarNode) and guesses.is_secret(path[-1], default, said)
        if self.secrets.get(pointer(path), guessed):
            schema[schemas.SECRET] = True
            nothing = ["null"] if default is None else []
            schema.setdefault("type", [*guesses.ANYTHING, *nothing])
        return schema

    def typed(self, node: yaml.Node, path: Path) -> dict[str, Any]:
        if isinstance(node, yaml.ScalarNode):
            return guesses.scalar(path[-1], path[-2] if len(path) > 1 else "", _plain(node))
        if not node.value or len(path) >= MOST_DEPTH:
            return guesses.empty(path[-1], {} if isinstance(node, yaml.MappingNode) else [])
        if isinstance(node, yaml.MappingNode):
            return {"type": "object", "properties": self.properties(node, path)}
        plain = [_plain(each) if isinstance(each, yaml.ScalarNode) else {} for each in node.value]
        return {"type": ["array", "object", "string"], "items": guesses.entries(plain)}


def _plain(node: yaml.Node) -> Any:
    """A scalar's value, as far as its type matters; None for all that is none."""
    if not isinstance(node, yaml.ScalarNode):
        return None
    kind = node.tag.removeprefix(_TAG)
    if kind == "null":
        return None
    if kind == "bool":
        return node.value.lower() in {"true", "yes", "on", "y"}
    if kind in {"int", "float"} and ":" not in node.value:
        return 0 if kind == "int" else 0.0
    return str(node.value)
