"""Reading a chart's values.schema.json: its places, and the keywords that Slipway adds to JSON Schema.

`x-slipway-secret: true`       write-only; masked everywhere
`x-slipway-generate: {…}`      a secret that the portal makes: {"length": 32, "alphabet": "alphanumeric"}
`x-slipway-context: "…"`       filled in by the portal, see CONTEXT_NAMES
`x-slipway-plan: true`         set by the plan alone
`x-slipway-immutable: true`    may not change after creation
`x-slipway-hint: "…"`          what to write, said when a value does not match
`x-slipway-open: true`         any key may be given here, although some are known
`x-slipway-section: "…"`       the heading under which the form shows it
`x-slipway-inferred: true`     at the root: made from values.yaml, where the chart has no schema
`x-slipway-order: […]`         order of the properties; added when a schema is stored, since databases lose it
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import jsonschema_rs

from portal.core.pointers import Path
from services_catalog import references, schema_cost
from services_catalog.references import REFERENCES as REFERENCES

SECRET = "x-slipway-secret"  # noqa: S105 a keyword's name
GENERATE = "x-slipway-generate"
CONTEXT = "x-slipway-context"
PLAN = "x-slipway-plan"
IMMUTABLE = "x-slipway-immutable"
HINT = "x-slipway-hint"
OPEN = "x-slipway-open"
SECTION = "x-slipway-section"
INFERRED = "x-slipway-inferred"
ORDER = "x-slipway-order"

CONTEXT_NAMES = frozenset(
    {"application.slug", "application.name", "environment.slug", "team.slug", "namespace", "release"}
)

# Stands for any key of a map or any position of a list.
ANY = "*"
MAX_DEPTH = 24
MOST_PLACES = 20_000
MOST_ALTERNATIVES = 200
# how often a reference is entered anew on the way to one place
MOST_TURNS = 2

Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Place:
    """One place that a schema describes. `path` holds ANY where a map's key or a list's position stands."""

    path: Path
    schema: Schema


def resolve(schema: Any, root: Schema) -> dict[str, Any]:
    """The schema itself with local references followed; what stands beside a `$ref` wins over its target."""
    if schema is False:
        return {"not": {}}
    result: dict[str, Any] = dict(schema) if isinstance(schema, Mapping) else {}
    for _ in range(MAX_DEPTH):
        found = reference(result)
        if found is None:
            break
        for keyword in REFERENCES:
            result.pop(keyword, None)
        target = references.target(root, found)
        result = {**(target if isinstance(target, Mapping) else {}), **result}
    return result


def reference(schema: Any) -> str | None:
    """What a schema refers to, if it does."""
    if not isinstance(schema, Mapping):
        return None
    return next((schema[key] for key in REFERENCES if isinstance(schema.get(key), str)), None)


def places(root: Schema) -> Iterator[Place]:
    """Every place, outer before inner, in the schema's order; alternatives (anyOf, then, …) included.

    What recurs is entered twice; a schema that unfolds into more than MOST_PLACES ends there.
    """
    return islice(_places(root, root, (), ()), MOST_PLACES)


def _places(schema: Any, root: Schema, path: Path, seen: tuple[str, ...]) -> Iterator[Place]:
    found = reference(schema)
    if found is not None:
        if seen.count(found) >= MOST_TURNS:
            return
        seen = (*seen, found)
    if len(path) > MAX_DEPTH or not isinstance(schema, Mapping):
        return
    node = resolve(schema, root)
    yield Place(path, node)
    for name in property_names(node):
        yield from _places(node["properties"][name], root, (*path, name), seen)
    for each in inner_schemas(node):
        yield from _places(each, root, (*path, ANY), seen)
    for each in alternatives(node):
        yield from _places(each, root, path, seen)


def inner_schemas(node: Schema) -> Iterator[Any]:
    """What describes the values under any key, or at any position."""
    for keyword in ("additionalProperties", "items", "contains", "unevaluatedProperties", "additionalItems"):
        each = node.get(keyword)
        yield from each if isinstance(each, list) else [each]
    yield from (node.get("patternProperties") or {}).values()
    yield from node.get("prefixItems") or ()


def alternatives(node: Schema) -> Iterator[Any]:
    """What describes the very place, always or sometimes."""
    for keyword in ("allOf", "anyOf", "oneOf"):
        yield from node.get(keyword) or ()
    for keyword in ("then", "else"):
        if keyword in node:
            yield node[keyword]
    for keyword in ("dependentSchemas", "dependencies"):
        yield from (each for each in (node.get(keyword) or {}).values() if isinstance(each, Mapping))


def property_names(node: Schema) -> list[str]:
    """The names of an object's properties in the order that its author chose."""
    properties = node.get("properties")
    if not isinstance(properties, Mapping):
        return []
    ordered = [name for name in node.get(ORDER, ()) if name in properties]
    return ordered + [name for name in properties if name not in ordered]


def marked(root: Schema, keyword: str) -> list[Place]:
    """The places that carry a keyword of ours with a true value, each path once."""
    return _marks(root).get(keyword, [])


# One request asks the same schema for several keywords; the schema itself guards against a reused id.
_known: dict[int, tuple[Schema, dict[str, list[Place]]]] = {}
_MOST_KNOWN = 64


def _marks(root: Schema) -> dict[str, list[Place]]:
    """Every place with a keyword of ours, by keyword; one walk for each schema object."""
    known = _known.get(id(root))
    if known is not None and known[0] is root:
        return known[1]
    found: dict[str, dict[Path, Place]] = {}
    for place in places(root):
        for keyword, value in place.schema.items():
            if value and keyword.startswith("x-slipway-"):
                found.setdefault(keyword, {}).setdefault(place.path, place)
    marks = {keyword: list(each.values()) for keyword, each in found.items()}
    while len(_known) >= _MOST_KNOWN:
        _known.pop(next(iter(_known)), None)
    _known[id(root)] = (root, marks)
    return marks


def at(root: Schema, path: Path) -> dict[str, Any] | None:
    """The schema that describes the place at `path`, or None when the schema knows no such place."""
    candidates = expanded(root, root)
    for part in path:
        candidates = within(candidates, part, root)
    return candidates[0] if candidates else None


def expanded(schema: Any, root: Schema) -> list[dict[str, Any]]:
    """A schema and its alternatives, each with its references followed."""
    found: list[dict[str, Any]] = []
    stack, seen = [schema], set()
    while stack and len(found) < MOST_ALTERNATIVES:
        each = stack.pop(0)
        if not isinstance(each, Mapping) or id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(name := reference(each), str):
            seen.add(id(references.target(root, name)))
        node = resolve(each, root)
        found.append(node)
        stack = [*alternatives(node), *stack]
    return found


def within(nodes: Iterable[Schema], part: str, root: Schema) -> list[dict[str, Any]]:
    """What describes the value under a key, or at a position, of places that `nodes` describe."""
    found: list[dict[str, Any]] = []
    for node in nodes:
        for each in _inner(node, part):
            for one in expanded(each, root):
                found.append(one)
    return found[:MOST_ALTERNATIVES]


def _inner(node: Schema, part: str) -> list[Any]:
    properties = node.get("properties") or {}
    if part in properties:
        return [properties[part]]
    patterns = node.get("patternProperties") or {}
    found = [each for pattern, each in patterns.items() if _matches(pattern, part)]
    found.append(node.get("additionalProperties"))
    if part == ANY or part.isdecimal():
        items = node.get("prefixItems") or node.get("items")
        listed = items if isinstance(items, list) else []
        if part.isdecimal() and int(part) < len(listed):
            found.append(listed[int(part)])
        rest = "items" if "prefixItems" in node else "additionalItems" if listed else "items"
        found.append(node.get(rest))
    return found


def _matches(pattern: str, name: str) -> bool:
    return name == ANY or validator({"propertyNames": {"pattern": pattern}}).is_valid({name: None})


def with_order(schema: Any, *, named: bool = False) -> Any:
    """A copy in which each object notes the order of its properties, which PostgreSQL's jsonb would lose.

    `named`: the keys of this mapping are names, such as those of properties, and no keywords.
    """
    if isinstance(schema, list):
        return [with_order(each) for each in schema]
    if not isinstance(schema, Mapping):
        return schema
    copy = {
        key: each
        if not named and key in references.DATA
        else with_order(each, named=not named and key in references.NAMED)
        for key, each in schema.items()
    }
    if not named and isinstance(schema.get("properties"), Mapping):
        copy[ORDER] = list(schema["properties"])
    return copy


def validator(schema: Schema) -> Any:
    """A validator for the schema's own draft, with formats checked and nothing fetched from anywhere.

    Raises ValueError, saying what is wrong, when the schema itself is not a valid one.
    """
    for outside in references.dangling(schema):
        raise ValueError(f"The values schema is not usable: {_outside(outside)}")
    if not schema_cost.is_bearable(schema):
        raise ValueError("The values schema is not usable: its parts refer to each other without end.")
    try:
        return jsonschema_rs.validator_for(dict(schema), validate_formats=True, offline=True)
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as exc:
        raise ValueError(f"The values schema is not usable: {str(exc).splitlines()[0]}") from exc


def _outside(reference: str) -> str:
    if reference.startswith("#"):
        return f"it refers to {reference:.200}, which it does not hold."
    return f"it refers to {reference:.200}, which is outside of it. Nothing is fetched: put it under $defs."
