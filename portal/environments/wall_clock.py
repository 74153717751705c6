"""From local wall time to instants, where clocks are put forward and back.

A zone's clock may show a time twice, or never. Read this way every local time means one instant: the clock
*reaches* a time at the first instant at which it shows that time or a later one, and *passes* it when it
shows it for the last time. The two differ only where the clock is put back; a time that it never shows is
both at the instant at which it is put forward over it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

SECOND = timedelta(seconds=1)
# the clock never differs from another reading of it by more (Samoa left out a day in 2011)
MOST_SKIPPED = timedelta(hours=25)


def reached(local: datetime, zone: ZoneInfo) -> datetime:
    """The first instant (UTC) at which the zone's clock shows `local` (naive) or later."""
    return _instant(local, zone, fold=0)


def passed(local: datetime, zone: ZoneInfo) -> datetime:
    """The last instant (UTC) at which the zone's clock shows `local` (naive), or skips it."""
    return _instant(local, zone, fold=1)


def shown(moment: datetime, zone: ZoneInfo) -> datetime:
    """What the zone's clock shows at an instant, naive."""
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def _instant(local: datetime, zone: ZoneInfo, fold: int) -> datetime:
    instant = local.replace(tzinfo=zone, fold=fold).astimezone(UTC)
    if shown(instant, zone) == local:
        return instant
    return _end_of_gap(local, zone)


def _end_of_gap(local: datetime, zone: ZoneInfo) -> datetime:
    """The instant at which the clock was put forward over `local`."""
    before = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    after = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    while after - before > SECOND:
        middle = before + (after - before) // 2 // SECOND * SECOND
        if shown(middle, zone) < local:
            before = middle
        else:
            after = middle
    return after
