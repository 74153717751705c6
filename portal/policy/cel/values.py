"""Values as expressions see them.

Null, booleans, texts, bytes, lists and maps are Python's own; an int is a CEL int and a float a double. What
Python has no word for is here, and in the modules of `functions` (quantities, addresses, …).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from portal.policy.cel import kinds
from portal.policy.cel.errors import CelError
from portal.policy.cel.kinds import Kind

INT_MIN, INT_MAX, UINT_MAX = -(2**63), 2**63 - 1, 2**64 - 1
NANOS: Final = 1_000_000_000


class Uint(int):
    """An unsigned integer; equal to the int of the same value, as in CEL."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, order=True)
class Duration:
    nanos: int


@dataclass(frozen=True, slots=True, order=True)
class Timestamp:
    """Nanoseconds since 1970 in UTC."""

    nanos: int


@dataclass(frozen=True, slots=True)
class TypeValue:
    """A type as a value: `type(1)`, `string`."""

    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Optional:
    value: Any
    present: bool = True


NONE: Final = Optional(None, present=False)


class Opaque:
    """A value of one of Kubernetes' own types; subclasses compare by what they hold."""

    type_name = ""


TYPE_NAMES: Final[Mapping[type, str]] = {
    type(None): "null_type",
    bool: "bool",
    int: "int",
    Uint: "uint",
    float: "double",
    str: "string",
    bytes: "bytes",
    list: "list",
    dict: "map",
    Timestamp: "google.protobuf.Timestamp",
    Duration: "google.protobuf.Duration",
    TypeValue: "type",
    Optional: "optional_type",
}
NUMBERS: Final = frozenset({int, Uint, float})
SCALARS: Final = frozenset({bool, str, bytes, type(None), Timestamp, Duration, TypeValue})
# the names of Go's types, where messages show them
GO_NAMES: Final = {
    "int": "types.Int",
    "uint": "types.Uint",
    "double": "types.Double",
    "bool": "types.Bool",
    "string": "types.String",
    "bytes": "types.Bytes",
    "null_type": "types.Null",
    "google.protobuf.Timestamp": "types.Timestamp",
    "google.protobuf.Duration": "types.Duration",
    "type": "*types.Type",
    "optional_type": "*types.Optional",
    # as they come from documents
    "list": "[]interface {}",
    "map": "map[string]interface {}",
}


def type_name(value: Any) -> str:
    found = TYPE_NAMES.get(type(value))
    if found is None:
        found = value.type_name if isinstance(value, Opaque) else type(value).__name__
    return str(found)


def go_name(value: Any) -> str:
    return GO_NAMES.get(type_name(value), type_name(value))


def type_value(kind: Kind) -> TypeValue:
    """The value of a type's name in an expression."""
    if type(kind) is str:
        return TypeValue(kinds.OUTPUT_NAMES.get(kind, kind))
    return TypeValue(str(kind[1]) if kind[0] in ("opaque", "struct") else str(kind[0]))


def equal(left: Any, right: Any) -> bool:
    """CEL's equality: a boolean is never a number, 1 equals 1.0, what differs in type is unequal."""
    one, other = type(left), type(right)
    if one is other:
        if one is str or one is int or one is bool:
            return bool(left == right)
        if one is list:
            return len(left) == len(right) and all(map(equal, left, right))
        if one is dict:
            return _equal_maps(left, right)
        if one is Optional:
            if left.present != right.present:
                return False
            return not left.present or equal(left.value, right.value)
        return bool(left == right)
    if one in NUMBERS and other in NUMBERS:
        # a double is compared as a double, even where an int is more exact
        return float(left) == float(right) if one is float or other is float else bool(left == right)
    return False


def _equal_maps(left: dict[Any, Any], right: dict[Any, Any]) -> bool:
    if len(left) != len(right):
        return False
    for key, value in left.items():
        if key not in right or not equal(value, right[key]):
            return False
        if type(key) is not str and (type(key) is bool) != (type(_stored(right, key)) is bool):
            return False
    return True


def _stored(entries: dict[Any, Any], key: Any) -> Any:
    return next(known for known in entries if known == key)


def contains(items: list[Any], wanted: Any) -> bool:
    if type(wanted) is str:
        return wanted in items
    return any(equal(item, wanted) for item in items)


def find(entries: dict[Any, Any], key: Any, absent: Any) -> Any:
    """The value under a key of any type, or `absent`. Python takes True for 1; CEL does not."""
    if type(key) is str:
        return entries.get(key, absent)
    if type(key) not in NUMBERS and type(key) is not bool:
        return absent
    found = entries.get(key, absent)
    if (
        found is not absent
        and (key == 0 or key == 1)
        and (type(key) is bool) != (type(_stored(entries, key)) is bool)
    ):
        return absent
    return found


def put(entries: dict[Any, Any], key: Any, value: Any) -> None:
    """Add an entry to a map that is being built; raises CelError for a key that cannot be one."""
    kind = type(key)
    if kind is not str:
        if kind is not bool and kind not in NUMBERS:
            raise CelError(f"unsupported key type: {type_name(key)}")
        if key in entries and (type(_stored(entries, key)) is bool) != (kind is bool):
            # Python's maps cannot hold both; nothing is said rather than something wrong
            raise CelError("a map with both booleans and numbers as keys cannot be evaluated here")
    entries[key] = value


def is_zero(value: Any) -> bool:
    """What optional.ofNonZeroValue takes for nothing."""
    if value is None:
        return True
    if isinstance(value, Duration):
        return value.nanos == 0
    if isinstance(value, Timestamp):
        return value.nanos == -62135596800 * NANOS
    if isinstance(value, str | bytes | list | dict | int | float):
        return not value
    return False


def is_json(value: Any) -> bool:
    kind = type(value)
    if kind is dict:
        return all(type(key) is str and is_json(item) for key, item in value.items())
    if kind is list:
        return all(map(is_json, value))
    return kind in (str, bool, int, Uint, type(None)) or (kind is float and math.isfinite(value))


def int_checked(value: int) -> int:
    if INT_MIN <= value <= INT_MAX:
        return value
    raise CelError("integer overflow")


def uint_checked(value: int) -> Uint:
    if 0 <= value <= UINT_MAX:
        return Uint(value)
    raise CelError("unsigned integer overflow")


def is_whole(value: float) -> bool:
    return math.isfinite(value) and value == int(value)


def shown(value: Any) -> str:
    """A value in a message, as Go prints it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, float):
        return double_text(value)
    return str(value)


def double_text(value: float) -> str:
    """As Go's strconv.FormatFloat(value, 'g', -1, 64) writes it."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    text = repr(value)
    mantissa, _, exponent = text.partition("e")
    digits = mantissa.lstrip("-").replace(".", "").lstrip("0").rstrip("0") or "0"
    power = int(exponent or 0)
    whole, _, fraction = mantissa.lstrip("-").partition(".")
    if whole.strip("0"):
        point = power + len(whole) - 1
    else:
        point = power - (len(fraction) - len(fraction.lstrip("0")) + 1) if digits != "0" else 0
    sign = "-" if text.startswith("-") else ""
    if point < -4 or point >= 6:
        rest = f".{digits[1:]}" if len(digits) > 1 else ""
        return f"{sign}{digits[0]}{rest}e{'-' if point < 0 else '+'}{abs(point):02d}"
    if point < 0:
        return f"{sign}0.{'0' * (-point - 1)}{digits}"
    if len(digits) <= point + 1:
        return sign + digits + "0" * (point + 1 - len(digits))
    return f"{sign}{digits[: point + 1]}.{digits[point + 1 :]}"
