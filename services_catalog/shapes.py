"""What a schema says of one place that holds one value: allOf is merged, and of what is conditional (if,
dependentSchemas, dependencies) that part counts which applies to the value."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from portal.core.pointers import ABSENT
from services_catalog import references, schemas
from services_catalog.schemas import Schema

MAX_DEPTH = 12
# which references were followed to get here, so that recursion is seen
REFS = "x-slipway-refs"
IN_PLACE = frozenset(
    {
        "allOf",
        "if",
        "then",
        "else",
        "dependentSchemas",
        "dependentRequired",
        "dependencies",
        *schemas.REFERENCES,
    }
)

_STRICTER: Mapping[str, Callable[[Any, Any], bool]] = {
    **dict.fromkeys(("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"), operator.gt),
    **dict.fromkeys(("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"), operator.lt),
}


def shape(schema: Any, root: Schema, value: Any = ABSENT, depth: int = 0) -> dict[str, Any]:
    """One flat schema without references and conditions. What stands outside wins over what is merged in.

    Not to be changed: it may be a part of the schema itself.
    """
    if isinstance(schema, dict) and not IN_PLACE & schema.keys():
        return schema
    name = schemas.reference(schema)
    node = schemas.resolve(schema, root)
    if name is None and not IN_PLACE & node.keys():
        return node
    parts = [{key: each for key, each in node.items() if key not in IN_PLACE}]
    if name is not None:
        parts.append({REFS: [name]})
    if depth < MAX_DEPTH:
        parts += [shape(each, root, value, depth + 1) for each in node.get("allOf") or ()]
        for each in _applying(node, root, value):
            parts.append(_still_asked(shape(each, root, value, depth + 1), parts))
        parts += [{"required": needed} for needed in _needed(node, value)]
    return merged(parts)


def holds(schema: Any, root: Schema, value: Any) -> bool:
    """Whether a part of the schema accepts the value. A part that cannot be used accepts anything."""
    if isinstance(schema, bool):
        return schema
    try:
        return bool(_validator(schema, root).is_valid(value))
    except ValueError:
        return True


def merged(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """All of several schemas as one: the stricter rule, the first words."""
    result: dict[str, Any] = {}
    for part in parts:
        for key, value in part.items():
            result[key] = _both(key, result[key], value) if key in result else value
    return result


def _still_asked(part: dict[str, Any], parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Without the constants that a condition wants of what is asked for anyway: they are demands, told where
    they are not met; a field that went when they are met could not be taken back."""
    asked = {name for each in parts for name in each.get("properties") or ()}
    properties = {
        name: {key: said for key, said in each.items() if key != "const"}
        if name in asked and isinstance(each, Mapping)
        else each
        for name, each in (part.get("properties") or {}).items()
    }
    return {**part, "properties": properties} if properties else part


def _applying(node: Schema, root: Schema, value: Any) -> list[Any]:
    given = {} if value is ABSENT else value
    found = []
    if "if" in node:
        found.append(node.get("then" if holds(node["if"], root, given) else "else", True))
    keys = given.keys() if isinstance(given, Mapping) else ()
    for keyword in ("dependentSchemas", "dependencies"):
        listed = node.get(keyword)
        for key, each in listed.items() if isinstance(listed, Mapping) else ():
            if key in keys and not isinstance(each, list):
                found.append(each)
    return found


def _needed(node: Schema, value: Any) -> list[list[str]]:
    keys = value.keys() if isinstance(value, Mapping) else ()
    found = []
    for keyword in ("dependentRequired", "dependencies"):
        listed = node.get(keyword)
        for key, each in listed.items() if isinstance(listed, Mapping) else ():
            if key in keys and isinstance(each, list):
                found.append(each)
    return found


def _both(key: str, one: Any, other: Any) -> Any:
    if key in {"properties", "patternProperties"}:
        both = {name: {"allOf": [one[name], other[name]]} for name in one.keys() & other.keys()}
        return {**one, **{name: each for name, each in other.items() if name not in one}, **both}
    if key in {"required", schemas.ORDER, REFS}:
        return list(dict.fromkeys([*one, *other]))
    if key == "type":
        first, second = _listed(one), _listed(other)
        left = [each for each in first if each in second or (each == "integer" and "number" in second)]
        left += [each for each in second if each == "integer" and "number" in first and each not in left]
        return left[0] if len(left) == 1 else left or one
    if key == "enum":
        return [each for each in one if each in other] or one
    if key in {"additionalProperties", "items"} and isinstance(one, Mapping) and isinstance(other, Mapping):
        return {"allOf": [one, other]}
    if key in {"additionalProperties", "unevaluatedProperties", "items"}:
        return other if one is True else one if other is True else one and other
    if key in _STRICTER and not isinstance(one, bool) and not isinstance(other, bool):
        return one if _STRICTER[key](one, other) else other
    return one


def _listed(types: Any) -> list[str]:
    return [types] if isinstance(types, str) else list(types)


_known: dict[tuple[int, int], tuple[Any, Schema, Any]] = {}
_MOST_KNOWN = 512


def _validator(schema: Any, root: Schema) -> Any:
    key = (id(schema), id(root))
    known = _known.get(key)
    if known is not None and known[0] is schema and known[1] is root:
        return known[2]
    alone = _alone(schema, root, 0)
    made = schemas.validator({**alone, "$schema": root["$schema"]} if "$schema" in root else alone)
    while len(_known) >= _MOST_KNOWN:
        _known.pop(next(iter(_known)), None)
    _known[key] = (schema, root, made)
    return made


def _alone(schema: Any, root: Schema, depth: int, *, named: bool = False) -> Any:
    """A copy that refers to nothing outside of itself; what recurs too deep takes anything."""
    if isinstance(schema, list):
        return [_alone(each, root, depth) for each in schema]
    if not isinstance(schema, Mapping):
        return schema
    if not named and schemas.reference(schema) is not None:
        if depth >= MAX_DEPTH:
            return {}
        schema, depth = schemas.resolve(schema, root), depth + 3
    return {
        key: each
        if not named and key in references.DATA
        else _alone(each, root, depth + 1, named=not named and key in references.NAMED)
        for key, each in schema.items()
        if named or key not in {"$id", "id", "$anchor", "$dynamicAnchor", "$defs", "definitions", "$schema"}
    }
