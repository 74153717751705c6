"""The one source of time, so that tests, leases and several machines agree on it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True)
class _Anchor:
    """A moment that somebody else's clock showed, and what this machine's steady clock showed then."""

    moment: datetime
    ticks: float


_anchor: _Anchor | None = None
_STARTED = _Anchor(datetime.now(tz=UTC), time.monotonic())


def now() -> datetime:
    """The current moment, timezone-aware, UTC: the followed clock's where there is one (`follow`), else this
    machine's."""
    anchor = _anchor
    if anchor is None:
        return datetime.now(tz=UTC)
    return anchor.moment + timedelta(seconds=time.monotonic() - anchor.ticks)


def steady() -> datetime:
    """The moment at which this process has started plus what has passed since, whatever anybody does to this
    machine's clock."""
    return _STARTED.moment + timedelta(seconds=time.monotonic() - _STARTED.ticks)


def follow(moment: datetime, *, ticks: float | None = None) -> None:
    """Go by a clock that showed `moment` when `time.monotonic()` was `ticks` (now, without). From then on
    neither a wrong clock of this machine nor one that jumps matters."""
    global _anchor
    _anchor = _Anchor(moment, time.monotonic() if ticks is None else ticks)


def unfollow() -> None:
    """Go by this machine's clock again."""
    global _anchor
    _anchor = None
