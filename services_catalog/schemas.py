"""Reading a chart's values.schema.json: its places, and the keywords that Slipway adds to JSON Schema.

`x-slipway-secret: true`       write-only; masked everywhere
`x-slipway-generate: {…}`      a secret that the portal makes: {"length": 32, "alphabet": "alphanumeric"}
`x-slipway-context: "…"`       filled in by the portal, see CONTEXT_NAMES
`x-slipway-plan: true`         set by the plan alone
`x-slipway-immutable: true`    may not change after creation
`x-slipway-hint: "…"`          what to write, said when a value does not match
`x-slipway-order: […]`         order of the properties; added when a schema is stored, since databases lose it
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import jsonschema_rs

from portal.core.pointers import Path, parse

SECRET = "x-slipway-secret"  # noqa: S105 a keyword's name
GENERATE = "x-slipway-generate"
CONTEXT = "x-slipway-context"
PLAN = "x-slipway-plan"
IMMUTABLE = "x-slipway-immutable"
HINT = "x-slipway-hint"
ORDER = "x-slipway-order"

CONTEXT_NAMES = frozenset(
    {"application.slug", "application.name", "environment.slug", "team.slug", "namespace", "release"}
)

# Stands for any key of a map or any position of a list.
ANY = "*"
MAX_DEPTH = 24

Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Place:
    """One place that a schema describes. `path` holds ANY where a map's key or a list's position stands."""

    path: Path
    schema: Schema


def resolve(schema: Any, root: Schema) -> dict[str, Any]:
    """The schema itself with local references followed; what stands beside a `$ref` wins over its target."""
    result: dict[str, Any] = dict(schema) if isinstance(schema, Mapping) else {}
    for _ in range(MAX_DEPTH):
        reference = result.pop("$ref", None)
        if not isinstance(reference, str) or not reference.startswith("#"):
            break
        target: Any = root
        for part in parse(reference[1:]):
            target = target.get(part) if isinstance(target, Mapping) else None
        result = {**(target if isinstance(target, Mapping) else {}), **result}
    return result


def places(root: Schema) -> Iterator[Place]:
    """Every place, outer before inner, in the schema's order; alternatives (anyOf, then, …) included."""
    yield from _places(root, root, (), 0)


def _places(schema: Any, root: Schema, path: Path, depth: int) -> Iterator[Place]:
    if depth > MAX_DEPTH or not isinstance(schema, Mapping):
        return
    node = resolve(schema, root)
    yield Place(path, node)
    for name in property_names(node):
        yield from _places(node["properties"][name], root, (*path, name), depth + 1)
    for keyword in ("additionalProperties", "items", "contains", "unevaluatedProperties"):
        yield from _places(node.get(keyword), root, (*path, ANY), depth + 1)
    for each in (node.get("patternProperties") or {}).values():
        yield from _places(each, root, (*path, ANY), depth + 1)
    for each in node.get("prefixItems") or ():
        yield from _places(each, root, (*path, ANY), depth + 1)
    for keyword in ("allOf", "anyOf", "oneOf"):
        for each in node.get(keyword) or ():
            yield from _places(each, root, path, depth + 1)
    for keyword in ("then", "else"):
        yield from _places(node.get(keyword), root, path, depth + 1)


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
    candidates = [resolve(root, root)]
    for part in path:
        following = [inner for node in candidates for inner in _inner(node, part, root)]
        if not following:
            return None
        candidates = following
    return candidates[0] if candidates else None


def _inner(node: Schema, part: str, root: Schema) -> list[dict[str, Any]]:
    properties = node.get("properties") or {}
    found: list[Any] = [properties[part]] if part in properties else []
    if not found:
        found = [node.get("additionalProperties"), *(node.get("patternProperties") or {}).values()]
        if part.isdecimal() or part == ANY:
            found.append(node.get("items"))
    for keyword in ("allOf", "anyOf", "oneOf"):
        for each in node.get(keyword) or ():
            found.extend(_inner(resolve(each, root), part, root))
    return [resolve(each, root) for each in found if isinstance(each, Mapping)]


def with_order(schema: Any) -> Any:
    """A copy in which each object notes the order of its properties, which PostgreSQL's jsonb would lose."""
    if isinstance(schema, list):
        return [with_order(each) for each in schema]
    if not isinstance(schema, Mapping):
        return schema
    copy = {key: with_order(each) for key, each in schema.items()}
    if isinstance(schema.get("properties"), Mapping) and "type" in schema:
        copy[ORDER] = list(schema["properties"])
    return copy


def validator(schema: Schema) -> Any:
    """A validator for the schema's own draft, with formats checked and nothing fetched from anywhere.

    Raises ValueError, saying what is wrong, when the schema itself is not a valid one.
    """
    try:
        return jsonschema_rs.validator_for(dict(schema), validate_formats=True, offline=True)
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as exc:
        raise ValueError(f"The values schema is not usable: {str(exc).splitlines()[0]}") from exc
