"""Strategic merge patch: lists merge by the key that the type declares; `$patch`, `$deleteFromPrimitiveList`,
`$setElementOrder` and `$retainKeys` direct it (k8s.io/apimachinery/pkg/util/strategicpatch)."""

from __future__ import annotations

from typing import Any

from portal.policy.schema.types import Node
from portal.sandbox.objects import Object, clone
from portal.sandbox.statuses import bad_request

_PATCH = "$patch"
_RETAIN = "$retainKeys"
_DELETE_PRIMITIVES = "$deleteFromPrimitiveList/"
_ORDER = "$setElementOrder/"


def merge(node: Node, old: Any, patch: Object) -> Object:
    """`patch` laid over `old`, by the type's rules; raises BadRequest for directives that make no sense."""
    patch = dict(patch)
    directive = patch.pop(_PATCH, None)
    if directive == "replace":
        return clone(patch)  # type: ignore[no-any-return]
    if directive == "delete":
        return {}
    if directive not in (None, "merge"):
        raise bad_request(f"Unexpected value for $patch: {directive}")
    result = dict(old) if isinstance(old, dict) else {}
    _retain(result, patch)
    for key, value in patch.items():
        if key.startswith(_DELETE_PRIMITIVES):
            name = key.removeprefix(_DELETE_PRIMITIVES)
            if name in result and isinstance(value, list):
                result[name] = [each for each in result[name] if each not in value]
        elif not key.startswith(_ORDER):
            _merge_field(node.child(key), result, key, value)
    for key, value in patch.items():
        if key.startswith(_ORDER):
            name = key.removeprefix(_ORDER)
            if isinstance(result.get(name), list) and isinstance(value, list):
                result[name] = _ordered(node.child(name), result[name], value)
    return result


def _merge_field(child: Node, result: Object, key: str, value: Any) -> None:
    if value is None:
        result.pop(key, None)
    elif isinstance(value, dict):
        if value.get(_PATCH) == "delete":
            result.pop(key, None)
        elif "replace" in child.strategy and _PATCH not in value:
            result[key] = clone(value)
        else:
            result[key] = merge(child, result.get(key), value)
    elif isinstance(value, list):
        result[key] = _merge_list(child, result.get(key), value)
    else:
        result[key] = value


def _retain(result: Object, patch: Object) -> None:
    keys = patch.pop(_RETAIN, None)
    if keys is None:
        return
    if not isinstance(keys, list):
        raise bad_request("the $retainKeys list must be a list of keys")
    for key in [each for each in result if each not in keys]:
        del result[key]


def _merge_list(node: Node, old: Any, patch: list[Any]) -> list[Any]:
    if "merge" not in node.strategy:
        return clone([each for each in patch if not _is_directive(each)])  # type: ignore[no-any-return]
    before = list(old) if isinstance(old, list) else []
    if not node.merge_key:
        return before + [clone(each) for each in patch if each not in before]
    replacing = [each for each in patch if isinstance(each, dict) and each.get(_PATCH) == "replace"]
    if replacing:
        return [
            {key: value for key, value in each.items() if key != _PATCH}
            for each in patch
            if not (each.get(_PATCH) == "replace" and len(each) == 1)
        ]
    return _merge_items(node, before, patch)


def _merge_items(node: Node, result: list[Any], patch: list[Any]) -> list[Any]:
    key = node.merge_key
    for each in patch:
        if not isinstance(each, dict) or key not in each:
            raise bad_request(f"map: {each} does not contain declared merge key: {key}")
        at = next((i for i, found in enumerate(result) if found.get(key) == each[key]), None)
        if each.get(_PATCH) == "delete":
            result = [found for found in result if found.get(key) != each[key]]
        elif at is None:
            result.append(merge(node.element or node, {}, each))
        else:
            result[at] = merge(node.element or node, result[at], each)
    return result


def _is_directive(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {_PATCH}


def _ordered(node: Node, values: list[Any], order: list[Any]) -> list[Any]:
    """The items that `order` names in its order; the others keep their place behind their predecessors."""
    key = node.merge_key

    def identity(value: Any) -> Any:
        return value.get(key) if isinstance(value, dict) and key else value

    wanted = [identity(each) for each in order]
    ranks = {repr(each): rank for rank, each in enumerate(wanted)}
    named = sorted(
        (each for each in values if repr(identity(each)) in ranks),
        key=lambda each: ranks[repr(identity(each))],
    )
    result: list[Any] = []
    for value in values:
        if repr(identity(value)) in ranks:
            result.append(named.pop(0))
        else:
            result.append(value)
    return result
