"""From local wall time to instants, where clocks are put forward and back.

A zone's clock may show a time twice, or never. Read this way every local time means one instant:
it *reaches* a time at the first instant at which it shows that time or a later one, and has *passed* it from
the instant on after which it never again shows an earlier one. The two differ only where it is put back.
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
    """The instant (UTC) from which on the zone's clock never shows a time before `local` (naive)."""
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
