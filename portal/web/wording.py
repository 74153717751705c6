"""Numbers and spans of time in plain words."""

from __future__ import annotations

from datetime import datetime, timedelta

from portal.core import clock

MINUTE, HOUR, DAY = 60, 3600, 86400
WEEK = 7  # days, from which on hours say nothing


def span(duration: timedelta) -> str:
    """`moments`, `4 min`, `2 h 4 min`, `3 d 4 h`, `9 d`. assets/slipway/js/base.js words it the same way."""
    seconds = int(abs(duration.total_seconds()))
    if seconds < MINUTE:
        return "moments"
    if seconds < HOUR:
        return f"{seconds // MINUTE} min"
    if seconds < 2 * DAY:
        hours, minutes = seconds // HOUR, seconds % HOUR // MINUTE
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = seconds // DAY, seconds % DAY // HOUR
    return f"{days} d {hours} h" if hours and days < WEEK else f"{days} d"


def ago(moment: datetime) -> str:
    """`just now`, `4 min ago`, `in 3 d`."""
    difference = clock.now() - moment
    if difference < timedelta(0):
        return f"in {span(difference)}"
    return "just now" if difference.total_seconds() < MINUTE else f"{span(difference)} ago"


def exact(moment: datetime) -> str:
    return f"{moment:%a %d %b %Y, %H:%M:%S} UTC"


def euros(cents: int) -> str:
    """`41 €`, `1,250 €`, `12.50 €`; nothing costs `free`."""
    if not cents:
        return "free"
    return f"{cents / 100:,.2f} €" if cents % 100 else f"{cents // 100:,} €"
