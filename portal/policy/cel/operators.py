"""Arithmetic and comparison of values (cel-go, common/types and common/stdlib)."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import Any, Final

from portal.policy.cel.conversions import duration_checked, timestamp_checked
from portal.policy.cel.errors import CANCELLED, MAX_LIST, MAX_TEXT, Cancelled, CelError
from portal.policy.cel.values import (
    NUMBERS,
    Duration,
    Timestamp,
    Uint,
    contains,
    find,
    int_checked,
    uint_checked,
)

NO_OVERLOAD: Final = "no such overload"
_ABSENT: Final = object()
# of these the server only says that there is no such overload, of others also of what
_RECEIVERS = frozenset({str, Timestamp, Duration})
_ADDABLE = frozenset({int, Uint, float, bytes, list}) | _RECEIVERS
_CALCULABLE = NUMBERS | _RECEIVERS
_HOLDERS = frozenset({list, dict, type(None)})
_COMPARABLE = frozenset({bool, int, Uint, float, bytes}) | _RECEIVERS


def add(left: Any, right: Any) -> Any:
    kind = type(left)
    if kind is type(right):
        if kind is int:
            return int_checked(left + right)
        if kind is str or kind is bytes:
            if len(left) + len(right) > MAX_TEXT:
                raise Cancelled(CANCELLED)
            return left + right
        if kind is list:
            if len(left) + len(right) > MAX_LIST:
                raise Cancelled(CANCELLED)
            return left + right
        if kind is float:
            return left + right
        if kind is Uint:
            return uint_checked(int(left) + int(right))
        if kind is Duration:
            return duration_checked(left.nanos + right.nanos)
    elif (kind is Timestamp and type(right) is Duration) or (kind is Duration and type(right) is Timestamp):
        return timestamp_checked(left.nanos + right.nanos)
    raise CelError(NO_OVERLOAD if kind in _ADDABLE else f"{NO_OVERLOAD}: _+_")


def subtract(left: Any, right: Any) -> Any:
    kind = type(left)
    if kind is type(right):
        if kind is int:
            return int_checked(left - right)
        if kind is float:
            return left - right
        if kind is Uint:
            return uint_checked(int(left) - int(right))
        if kind is Duration:
            return duration_checked(left.nanos - right.nanos)
        if kind is Timestamp:
            return Duration(int_checked(left.nanos - right.nanos))
    elif kind is Timestamp and type(right) is Duration:
        return timestamp_checked(left.nanos - right.nanos)
    raise CelError(NO_OVERLOAD if kind in _CALCULABLE else f"{NO_OVERLOAD}: _-_")


def multiply(left: Any, right: Any) -> Any:
    kind = type(left)
    if kind is type(right):
        if kind is int:
            return int_checked(left * right)
        if kind is float:
            return left * right
        if kind is Uint:
            return uint_checked(int(left) * int(right))
    raise CelError(NO_OVERLOAD if kind in _CALCULABLE else f"{NO_OVERLOAD}: _*_")


def divide(left: Any, right: Any) -> Any:
    kind = type(left)
    if kind is type(right) and kind in NUMBERS:
        if kind is float:
            if right == 0:
                if left == 0 or math.isnan(left):
                    return math.nan
                return math.copysign(math.inf, left) * math.copysign(1, right)
            return left / right
        if right == 0:
            raise CelError("division by zero")
        # towards zero, as in Go
        quotient = abs(int(left)) // abs(int(right))
        signed = -quotient if (left < 0) != (right < 0) else quotient
        return Uint(signed) if kind is Uint else int_checked(signed)
    raise CelError(NO_OVERLOAD if kind in _CALCULABLE else f"{NO_OVERLOAD}: _/_")


def modulo(left: Any, right: Any) -> Any:
    kind = type(left)
    if kind is type(right) and (kind is int or kind is Uint):
        if right == 0:
            raise CelError("modulus by zero")
        if right == -1 and left == -(2**63):
            raise CelError("integer overflow")
        rest = abs(int(left)) % abs(int(right))
        return Uint(rest) if kind is Uint else (-rest if left < 0 else rest)
    raise CelError(NO_OVERLOAD if kind in _CALCULABLE - {float} else f"{NO_OVERLOAD}: _%_")


def negate(value: Any) -> Any:
    if type(value) is int:
        return int_checked(-value)
    if type(value) is float:
        return -value
    raise CelError(f"{NO_OVERLOAD}: -_" if type(value) in _HOLDERS else NO_OVERLOAD)


def invert(value: Any) -> bool:
    if value is True:
        return False
    if value is False:
        return True
    raise CelError(NO_OVERLOAD)


def _comparison(sign: str, compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    name = f"{NO_OVERLOAD}: _{sign}_"

    def compared(left: Any, right: Any) -> bool:
        kind = type(left)
        if (kind is type(right) and kind in _COMPARABLE) or (kind in NUMBERS and type(right) in NUMBERS):
            if kind is float or type(right) is float:
                left, right = float(left), float(right)
                if math.isnan(left) or math.isnan(right):
                    raise CelError("NaN values cannot be ordered")
            return compare(left, right)
        raise CelError(NO_OVERLOAD if kind in _COMPARABLE else name)

    return compared


def within(wanted: Any, held: Any) -> bool:
    if type(held) is list:
        return contains(held, wanted)
    if type(held) is dict:
        return find(held, wanted, _ABSENT) is not _ABSENT
    raise CelError(NO_OVERLOAD)


BINARY: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "_+_": add,
    "_-_": subtract,
    "_*_": multiply,
    "_/_": divide,
    "_%_": modulo,
    "_<_": _comparison("<", operator.lt),
    "_<=_": _comparison("<=", operator.le),
    "_>_": _comparison(">", operator.gt),
    "_>=_": _comparison(">=", operator.ge),
    "@in": within,
}
UNARY: Final[Mapping[str, Callable[[Any], Any]]] = {"-_": negate, "!_": invert}
