"""What calls cost while they run (cel-go, interpreter/runtimecost.go; apiserver/pkg/cel/library/cost.go).

A call that is not named here costs 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from portal.policy.cel.functions.formats import PATTERN_SIZES, Format
from portal.policy.cel.values import Opaque, Optional

# what one expression may cost, and all expressions of a policy for one request
PER_CALL_LIMIT: Final = 1_000_000
BUDGET: Final = 10_000_000
LIST_CREATE, MAP_CREATE = 10, 30
Cost = Callable[[tuple[str, ...], tuple[Any, ...], Any], int]
_SIZED = frozenset({str, bytes, list, dict})


def size(value: Any) -> int:
    kind = type(value)
    if kind in _SIZED:
        return len(value)
    return size(value.value) if kind is Optional and value.present else 1


def tenth(amount: int) -> int:
    """A tenth, rounded up: what going through a text costs for each character."""
    return -(-amount // 10)


def equality(left: Any, right: Any) -> int:
    if isinstance(left, Opaque):
        return 1
    return tenth(min(size(left), size(right)))


def pattern(text: Any, pattern_size: int) -> int:
    return tenth(1 + size(text)) * -(-pattern_size // 4)


def traversal(value: Any) -> int:
    kind = type(value)
    if kind is str:
        return len(value if value.isascii() else value.encode()) // 10
    if kind is bytes:
        return len(value) // 10
    if kind is list:
        return sum(map(traversal, value))
    if kind is dict:
        return sum(traversal(key) + traversal(item) for key, item in value.items())
    return 1


def _first(_overloads: Any, arguments: tuple[Any, ...], _result: Any) -> int:
    return tenth(size(arguments[0]))


def _first_twice(_overloads: Any, arguments: tuple[Any, ...], _result: Any) -> int:
    return tenth(2 * size(arguments[0]))


def _through(_overloads: Any, arguments: tuple[Any, ...], _result: Any) -> int:
    return traversal(arguments[0])


def _result_twice(_overloads: Any, _arguments: Any, result: Any) -> int:
    return tenth(2 * size(result))


def _search(_overloads: Any, arguments: tuple[Any, ...], _result: Any) -> int:
    return pattern(arguments[0], size(arguments[1]))


def _ip(overloads: tuple[str, ...], arguments: tuple[Any, ...], _result: Any) -> int:
    return 1 if overloads == ("cidr_ip",) else tenth(size(arguments[0]))


def _contains_address(overloads: tuple[str, ...], arguments: tuple[Any, ...], _result: Any) -> int:
    parsed = tenth(size(arguments[1])) if overloads == ("cidr_contains_ip_string",) else 0
    return tenth(2 * size(arguments[0])) + parsed


def _contains_network(overloads: tuple[str, ...], arguments: tuple[Any, ...], _result: Any) -> int:
    parsed = tenth(size(arguments[1])) if overloads == ("cidr_contains_cidr_string",) else 0
    return tenth(2 * size(arguments[0])) + tenth(size(arguments[0])) + 1 + parsed


def _validate(_overloads: Any, arguments: tuple[Any, ...], _result: Any) -> int:
    chosen = arguments[0]
    return pattern(arguments[1], PATTERN_SIZES[chosen.name]) if isinstance(chosen, Format) else 1


def _contains_text(_overloads: Any, arguments: tuple[Any, ...], _result: Any) -> int:
    return tenth(size(arguments[0])) * tenth(size(arguments[1]))


def _both(_overloads: Any, arguments: tuple[Any, ...], _result: Any) -> int:
    return tenth(size(arguments[0]) + size(arguments[1]))


def _shorter(_overloads: Any, arguments: tuple[Any, ...], _result: Any) -> int:
    return tenth(min(size(arguments[0]), size(arguments[1])))


def _held(_overloads: Any, arguments: tuple[Any, ...], _result: Any) -> int:
    return size(arguments[1])


def _made(_overloads: Any, _arguments: Any, result: Any) -> int:
    return size(result) + 1 + LIST_CREATE


def _ranged(_overloads: Any, arguments: tuple[Any, ...], _result: Any) -> int:
    return max(0, int(arguments[0])) + 1 + LIST_CREATE


def _flattened(_overloads: Any, arguments: tuple[Any, ...], _result: Any) -> int:
    depth = arguments[1] if len(arguments) == 2 else 1
    return int(size(arguments[0]) * depth) + 1 + LIST_CREATE


def _squared(items: Any) -> int:
    count = size(items)
    if not count:
        return 1 + LIST_CREATE
    factor = 2.1 if type(items[0]) in (str, bytes) else 2.0
    return int(count * count * factor) + 1 + LIST_CREATE


def _compared(_overloads: Any, arguments: tuple[Any, ...], _result: Any) -> int:
    return _squared(arguments[0])


def _compared_keys(_overloads: Any, arguments: tuple[Any, ...], _result: Any) -> int:
    return _squared(arguments[1])


def _sets(factor: int) -> Cost:
    return lambda _overloads, arguments, _result: 1 + factor * size(arguments[0]) * size(arguments[1])


# by the name of the function, whatever its overload
BY_NAME: Final[Mapping[str, Cost]] = {
    **dict.fromkeys(("isSorted", "sum", "max", "min", "indexOf", "lastIndexOf"), _through),
    **dict.fromkeys(("url", "lowerAscii", "upperAscii", "substring", "trim"), _first),
    **dict.fromkeys(("cidr", "isIP", "isCIDR", "quantity", "isQuantity", "semver", "isSemver"), _first),
    **dict.fromkeys(("replace", "split", "ip.isCanonical"), _first_twice),
    **dict.fromkeys(("find", "findAll"), _search),
    "join": _result_twice,
    "ip": _ip,
    "containsIP": _contains_address,
    "containsCIDR": _contains_network,
    "validate": _validate,
}
# by the overload, when only one fits what is known of the types
BY_OVERLOAD: Final[Mapping[str, Cost]] = {
    **dict.fromkeys(("starts_with_string", "ends_with_string", "string_to_bytes"), _first),
    **dict.fromkeys(("bytes_to_string", "string_format", "strings_quote"), _first),
    "in_list": _held,
    **{
        f"{word}_{kind}": _shorter
        for word in ("less", "less_equals", "greater", "greater_equals")
        for kind in ("string", "bytes")
    },
    "add_string": _both,
    "add_bytes": _both,
    "matches_string": _search,
    "contains_string": _contains_text,
    "lists_range": _ranged,
    **dict.fromkeys(("list_slice", "list_reverse"), _made),
    **dict.fromkeys(("list_flatten", "list_flatten_int"), _flattened),
    "list_distinct": _compared,
    "list_sets_contains_list": _sets(1),
    "list_sets_intersects_list": _sets(1),
    "list_sets_equivalent_list": _sets(2),
}


# what can only be counted once it is done; everything else is counted before it is begun
AFTERWARDS: Final = frozenset({_made, _result_twice})


def cost_of(function: str, overloads: tuple[str, ...]) -> Cost | None:
    """How to count a call's cost; None where it is 1."""
    if len(overloads) == 1:
        only = overloads[0]
        if only in BY_OVERLOAD:
            return BY_OVERLOAD[only]
        if only.endswith("_sort"):
            return _compared
        if only.endswith("_sortByAssociatedKeys"):
            return _compared_keys
    return BY_NAME.get(function)
