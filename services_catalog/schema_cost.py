"""How much work a schema may make of one value: what doubles at each step is refused before it is tried."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from portal.core.documents import MAX_DEPTH
from services_catalog import references
from services_catalog.references import REFERENCES, Schema

MOST = 1_000_000
IN_PLACE = ("allOf", "anyOf", "oneOf")
ONE_IN_PLACE = ("not", "if", "then", "else")
NAMED_IN_PLACE = ("dependentSchemas", "dependencies")
ALL_INSIDE = (
    "additionalProperties",
    "items",
    "contains",
    "unevaluatedProperties",
    "unevaluatedItems",
    "additionalItems",
)


def is_bearable(schema: Schema) -> bool:
    """Whether no value within our bounds of depth is looked at more than MOST times along any way into it."""
    return _Cost(schema).of(schema, MAX_DEPTH) <= MOST


class _Cost:
    """Worst case, by schema and depth of what is left of the value."""

    def __init__(self, root: Schema) -> None:
        self.root = root
        self.known: dict[tuple[int, int], int] = {}

    def of(self, schema: Any, depth: int) -> int:
        if not isinstance(schema, Mapping) or depth < 0:
            return 0
        key = (id(schema), depth)
        if key not in self.known:
            self.known[key] = 0  # what leads back to itself at the same place adds nothing
            here = sum(self.of(each, depth) for each in self._in_place(schema))
            patterns = sum(self.of(each, depth - 1) for each in _values(schema.get("patternProperties")))
            named = max((self.of(each, depth - 1) for each in _values(schema.get("properties"))), default=0)
            listed = max((self.of(each, depth - 1) for each in _listed(schema)), default=0)
            inside = sum(self.of(schema.get(keyword), depth - 1) for keyword in ALL_INSIDE)
            self.known[key] = min(1 + here + patterns + named + listed + inside, MOST + 1)
        return self.known[key]

    def _in_place(self, schema: Schema) -> Iterator[Any]:
        for keyword in REFERENCES:
            if isinstance(schema.get(keyword), str):
                yield references.target(self.root, schema[keyword])
        for keyword in IN_PLACE:
            yield from schema.get(keyword) or ()
        for keyword in ONE_IN_PLACE:
            yield schema.get(keyword)
        for keyword in NAMED_IN_PLACE:
            yield from _values(schema.get(keyword))


def _values(named: Any) -> list[Any]:
    return list(named.values()) if isinstance(named, Mapping) else []


def _listed(schema: Schema) -> list[Any]:
    items = schema.get("items")
    return [*(schema.get("prefixItems") or ()), *(items if isinstance(items, list) else ())]
