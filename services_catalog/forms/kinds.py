"""How a place is asked for. What no form field fits is asked for as YAML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from portal.core.pointers import ABSENT
from services_catalog import schemas
from services_catalog.forms.fields import LEAVES, Kind
from services_catalog.forms.variants import plain_choice, simplified
from services_catalog.schemas import Schema
from services_catalog.shapes import shape

SCALARS = frozenset({"string", "integer", "number", "boolean"})
LONG_TEXT = 100_000
# a list of mappings with more columns than this is no table
MOST_COLUMNS = 5
# entries of entries of entries, and so on
MOST_WITHIN = 5
COLUMNS = frozenset({"text", "integer", "number", "scalar", "boolean", "choice"})


@dataclass(frozen=True)
class Kinds:
    """The kinds of the places of one schema."""

    root: Schema
    # of entries of lists and maps, by their schema; what is being found out is YAML to itself
    entries: dict[int, tuple[Any, Kind]] = field(default_factory=dict)
    tables: dict[int, tuple[Any, bool]] = field(default_factory=dict)
    within: list[Any] = field(default_factory=list)

    def of_entry(self, schema: Any) -> Kind:
        known = self.entries.get(id(schema))
        if known is not None and known[0] is schema:
            return known[1]
        if len(self.within) >= MOST_WITHIN:
            return "yaml"
        self.entries[id(schema)] = (schema, "yaml")
        self.within.append(schema)
        kind = self.of(shape(schema, self.root))
        self.within.pop()
        self.entries[id(schema)] = (schema, kind)
        return kind

    def of(self, node: Schema) -> Kind:
        """`node` is a shape: without references, merged."""
        node = simplified(node, self.root)
        if "oneOf" in node or "anyOf" in node:
            return "choice" if plain_choice(node, self.root) else "variant"
        types = types_of(node)
        if isinstance(node.get("enum"), list) and not {"object", "array"} & set(types):
            return "choice"
        if len(types) != 1 and set(types) <= SCALARS and types:
            return "scalar"
        match self.primary(node, types):
            case "boolean":
                return "boolean"
            case "integer":
                return "integer"
            case "number":
                return "number"
            case "string":
                long = node.get("contentMediaType") or (node.get("maxLength") or 0) > LONG_TEXT
                return "multiline" if long else "text" if len(types) == 1 else "scalar"
            case "object":
                return self._of_object(node)
            case "array":
                return self._of_array(node)
        return "yaml"

    def primary(self, node: Schema, types: tuple[str, ...]) -> str:
        """The type that is asked for first, where several are accepted."""
        if len(types) == 1:
            return types[0]
        if types and self.root.get(schemas.INFERRED):
            return types[0]
        if isinstance(node.get("properties"), Mapping) and (not types or "object" in types):
            return "object"
        if "array" in types and "items" in node:
            return "array"
        if "object" in types and (node.get("additionalProperties") or node.get("patternProperties")):
            return "object"
        return ""

    def _of_object(self, node: Schema) -> Kind:
        if node.get("properties"):
            return "group"
        inner = more_of(node)
        if inner is None:
            return "yaml"
        kind = self.of_entry(inner)
        if kind == "yaml":
            return "yaml"
        return "map" if kind in COLUMNS else "entries"

    def _of_array(self, node: Schema) -> Kind:
        items = node.get("items")
        if not isinstance(items, Mapping) or "prefixItems" in node:
            return "yaml"
        kind = self.of_entry(items)
        if kind in {"yaml", "multiline"}:
            return "yaml"
        if kind in LEAVES - {"lines"}:
            return "lines"
        if kind != "group" or not self._is_table(items):
            return "items"
        return "rows"

    def _is_table(self, items: Schema) -> bool:
        known = self.tables.get(id(items))
        if known is not None and known[0] is items:
            return known[1]
        self.tables[id(items)] = (items, False)
        properties = simplified(shape(items, self.root), self.root).get("properties") or {}
        is_narrow = len(properties) <= MOST_COLUMNS
        found = is_narrow and all(self.of(shape(each, self.root)) in COLUMNS for each in properties.values())
        self.tables[id(items)] = (items, found)
        return found


def types_of(node: Schema) -> tuple[str, ...]:
    """The types that are accepted, without null; inferred from other keywords where none are named."""
    types = node.get("type")
    if isinstance(types, str):
        return (types,)
    if isinstance(types, list):
        return tuple(each for each in types if each != "null")
    if node.get("properties"):
        return ("object",)
    return ()


def more_of(node: Schema) -> Any:
    """What describes the values of a free map; None when nothing does."""
    patterns = node.get("patternProperties") or {}
    more = node.get("additionalProperties")
    if isinstance(more, Mapping) and more and not patterns:
        return more
    if len(patterns) == 1 and not (isinstance(more, Mapping) and more):
        return next(iter(patterns.values()))
    return None


def fits(kind: Kind, value: Any, default: Any, *, in_list: bool) -> bool:
    """Whether a field of this kind can hold `value` at all; leaves are asked whether they read it back."""
    match kind:
        case "group":
            # an empty mapping sets nothing where it stands over one
            return isinstance(value, Mapping) and (
                bool(value) or (not in_list and isinstance(default, Mapping))
            )
        case "map":
            return isinstance(value, Mapping) and not any(map(_is_nested, value.values()))
        case "entries":
            return isinstance(value, Mapping)
        case "rows" | "items" | "lines":
            return isinstance(value, list)
        case "variant" | "yaml":
            return True
    return value is not ABSENT and not _is_nested(value)


def _is_nested(value: Any) -> bool:
    return isinstance(value, list | Mapping)
