"""Parts of timestamps and durations (cel-go, common/types/timestamp.go and duration.go)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from portal.policy.cel.errors import CelError
from portal.policy.cel.functions.registry import IMPLEMENTATIONS, no_overload
from portal.policy.cel.values import NANOS, Duration, Timestamp

_OFFSET = re.compile(r"([+-]?)(\d\d):(\d\d)", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _zone(name: str) -> tzinfo:
    offset = _OFFSET.fullmatch(name)
    if offset:
        minutes = int(offset[2]) * 60 + int(offset[3])
        return timezone(timedelta(minutes=-minutes if offset[1] == "-" else minutes))
    if name in ("", "UTC"):
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise CelError(f"unknown time zone {name}") from None


def _moment(value: Timestamp, zone: str) -> datetime:
    seconds = value.nanos // NANOS
    try:
        return (_EPOCH + timedelta(seconds=seconds)).astimezone(_zone(zone))
    except (OverflowError, ValueError):
        raise CelError("timestamp overflow") from None


def _part(name: str, read: Callable[[datetime], int], unit: int = 0) -> Callable[..., int]:
    """`unit`: how many nanoseconds make one, for those parts that durations have as well."""

    def part(value: Any, *zone: Any) -> int:
        if type(value) is Timestamp and (not zone or type(zone[0]) is str):
            return read(_moment(value, *(zone or ("",))))
        if type(value) is Duration and unit and not zone:
            whole = abs(value.nanos) // unit
            return -whole if value.nanos < 0 else whole
        raise no_overload(name, value, *zone)

    return part


def _milliseconds(value: Any, *zone: Any) -> int:
    if type(value) is Timestamp and (not zone or type(zone[0]) is str):
        _zone(*(zone or ("",)))
        return int(value.nanos % NANOS // 1_000_000)
    if type(value) is Duration and not zone:
        whole = abs(value.nanos) // 1_000_000
        return -whole if value.nanos < 0 else whole
    raise no_overload("getMilliseconds", value, *zone)


IMPLEMENTATIONS |= {
    ".getFullYear": _part("getFullYear", lambda moment: moment.year),
    ".getMonth": _part("getMonth", lambda moment: moment.month - 1),
    ".getDate": _part("getDate", lambda moment: moment.day),
    ".getDayOfMonth": _part("getDayOfMonth", lambda moment: moment.day - 1),
    ".getDayOfWeek": _part("getDayOfWeek", lambda moment: moment.isoweekday() % 7),
    ".getDayOfYear": _part("getDayOfYear", lambda moment: moment.timetuple().tm_yday - 1),
    ".getHours": _part("getHours", lambda moment: moment.hour, 3600 * NANOS),
    ".getMinutes": _part("getMinutes", lambda moment: moment.minute, 60 * NANOS),
    ".getSeconds": _part("getSeconds", lambda moment: moment.second, NANOS),
    ".getMilliseconds": _milliseconds,
}
