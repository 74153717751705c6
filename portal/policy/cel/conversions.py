"""`int(…)`, `string(…)` and their like (cel-go, common/types)."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any, Final

from portal.policy.cel.errors import CelError
from portal.policy.cel.values import (
    INT_MAX,
    INT_MIN,
    NANOS,
    UINT_MAX,
    Duration,
    Opaque,
    Timestamp,
    TypeValue,
    Uint,
    double_text,
    int_checked,
    type_name,
    uint_checked,
)

_INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
_UNSIGNED = re.compile(r"\d+", re.ASCII)
_DOUBLE = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_SPECIAL = {"inf": math.inf, "+inf": math.inf, "infinity": math.inf, "+infinity": math.inf, "nan": math.nan}
_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})
_TIMESTAMP = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(?:Z|([+-])(\d\d):(\d\d))", re.ASCII
)
_DURATION_PART = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
_UNITS = {"ns": 1, "us": 1_000, "µs": 1_000, "μs": 1_000, "ms": 1_000_000, "s": NANOS}
_UNITS |= {"m": 60 * NANOS, "h": 3600 * NANOS}
FIRST_SECOND, LAST_SECOND = -62135596800, 253402300799
EPOCH_DAY: Final = 719163


def _no_overload(name: str, value: Any) -> CelError:
    return CelError(f"no such overload: {name}({type_name(value)})")


def _failed(source: str, target: str) -> CelError:
    return CelError(f"type conversion error from '{source}' to '{target}'")


def to_int(value: Any) -> int:
    kind = type(value)
    if kind is int:
        return int(value)
    if kind is Uint:
        return int_checked(int(value))
    if kind is float:
        if not math.isfinite(value) or not -(2.0**63) < value < 2.0**63:
            raise CelError("integer overflow")
        return int(value)
    if kind is str:
        if _INTEGER.fullmatch(value) and INT_MIN <= int(value) <= INT_MAX:
            return int(value)
        raise _failed("string", "int")
    if kind is Timestamp:
        return int(value.nanos // NANOS)
    if kind is Duration:
        return int(value.nanos)
    raise _no_overload("int", value)


def to_uint(value: Any) -> Uint:
    kind = type(value)
    if kind is Uint:
        return Uint(value)
    if kind is int:
        return uint_checked(value)
    if kind is float:
        if not math.isfinite(value) or not 0 <= value < 2.0**64:
            raise CelError("unsigned integer overflow")
        return Uint(int(value))
    if kind is str:
        if _UNSIGNED.fullmatch(value) and int(value) <= UINT_MAX:
            return Uint(int(value))
        raise _failed("string", "uint")
    raise _no_overload("uint", value)


def to_double(value: Any) -> float:
    if type(value) in (int, Uint, float):
        return float(value)
    if type(value) is str:
        if _DOUBLE.fullmatch(value):
            number = float(value)
            if math.isfinite(number):
                return number
        elif value.lower().lstrip("-") in _SPECIAL:
            number = _SPECIAL[value.lower().lstrip("-")]
            return -number if value.startswith("-") else number
        raise _failed("string", "double")
    raise _no_overload("double", value)


def to_bool(value: Any) -> bool:
    if type(value) is bool:
        return bool(value)
    if type(value) is str:
        if value in _TRUE:
            return True
        if value in _FALSE:
            return False
        raise _failed("string", "bool")
    raise _no_overload("bool", value)


def to_bytes(value: Any) -> bytes:
    if type(value) is bytes:
        return bytes(value)
    if type(value) is str:
        return value.encode()
    raise _no_overload("bytes", value)


def to_text(value: Any) -> str:
    kind = type(value)
    if kind is str:
        return str(value)
    if kind is bool:
        return "true" if value else "false"
    if kind is int or kind is Uint:
        return str(int(value))
    if kind is float:
        return double_text(value)
    if kind is bytes:
        try:
            return str(value, "utf-8")
        except UnicodeDecodeError:
            raise CelError("invalid UTF-8 in bytes, cannot convert to string") from None
    if kind is Timestamp:
        return timestamp_text(value)
    if kind is Duration:
        return duration_text(value)
    if isinstance(value, Opaque) and value.type_name in ("net.IP", "net.CIDR"):
        return str(value)
    raise _no_overload("string", value)


def to_timestamp(value: Any) -> Timestamp:
    if type(value) is Timestamp:
        return value
    if type(value) is int:
        return timestamp_checked(value * NANOS)
    if type(value) is str:
        found = _TIMESTAMP.fullmatch(value)
        if found is None:
            raise _failed("string", "google.protobuf.Timestamp")
        *parts, fraction, sign, hours, minutes = found.groups()
        try:
            moment = datetime(*(int(part) for part in parts), tzinfo=UTC)  # type: ignore[misc, arg-type]
        except ValueError:
            raise _failed("string", "google.protobuf.Timestamp") from None
        if hours and (int(hours) > 23 or int(minutes) > 59):
            raise _failed("string", "google.protobuf.Timestamp")
        seconds = int((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())
        if sign:
            offset = int(hours) * 3600 + int(minutes) * 60
            seconds -= offset if sign == "+" else -offset
        nanos = int((fraction or "0")[:9].ljust(9, "0"))
        return timestamp_checked(seconds * NANOS + nanos)
    raise _no_overload("timestamp", value)


def timestamp_checked(nanos: int) -> Timestamp:
    if FIRST_SECOND <= nanos // NANOS <= LAST_SECOND:
        return Timestamp(nanos)
    raise CelError("timestamp overflow")


def duration_checked(nanos: int) -> Duration:
    if INT_MIN <= nanos <= INT_MAX:
        return Duration(nanos)
    raise CelError("duration overflow")


def to_duration(value: Any) -> Duration:
    if type(value) is Duration:
        return value
    if type(value) is int:
        # declared, yet never done
        raise _failed("int", "google.protobuf.Duration")
    if type(value) is str:
        nanos = _parsed_duration(value)
        if nanos is None:
            raise _failed("string", "google.protobuf.Duration")
        return Duration(nanos)
    raise _no_overload("duration", value)


def _parsed_duration(text: str) -> int | None:
    """As Go's time.ParseDuration reads it; None when it cannot."""
    sign = -1 if text[:1] == "-" else 1
    rest = text[1:] if text[:1] in "+-" and text else text
    if rest == "0":
        return 0
    total, position = 0, 0
    while position < len(rest):
        found = _DURATION_PART.match(rest, position)
        if found is None:
            return None
        number, unit = found[1], _UNITS[found[2]]
        whole, _, fraction = number.partition(".")
        total += int(whole or 0) * unit + int(fraction or 0) * unit // 10 ** len(fraction)
        position = found.end()
    if not rest or not INT_MIN <= sign * total <= INT_MAX:
        return None
    return sign * total


def _fraction(nanos: int) -> str:
    digits = f"{nanos:09d}".rstrip("0")
    return f".{digits}" if digits else ""


def duration_text(value: Duration) -> str:
    """Seconds, as protobuf's JSON has them: `90s`, `1.5s`."""
    seconds, nanos = divmod(abs(value.nanos), NANOS)
    return f"{'-' if value.nanos < 0 else ''}{seconds}{_fraction(nanos)}s"


def timestamp_text(value: Timestamp) -> str:
    seconds, nanos = divmod(value.nanos, NANOS)
    days, clock = divmod(seconds, 86400)
    day = date.fromordinal(EPOCH_DAY + days).isoformat()
    return f"{day}T{clock // 3600:02d}:{clock // 60 % 60:02d}:{clock % 60:02d}{_fraction(nanos)}Z"


CONVERSIONS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "bool": to_bool,
    "bytes": to_bytes,
    "double": to_double,
    "duration": to_duration,
    "dyn": lambda value: value,
    "int": to_int,
    "string": to_text,
    "timestamp": to_timestamp,
    "type": lambda value: TypeValue(type_name(value)),
    "uint": to_uint,
}
