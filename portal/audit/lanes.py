"""Where the next record goes: a lane that nobody else is writing to.

Every lane is a chain of its own. A transaction takes the first free one and keeps it until it ends, so
that writers never wait for each other, and never deadlock over the trail. SQLite lets one writer in at a
time: there, lane 0 is always free.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from django.db import connection

from portal.audit.judging import GENESIS

TABLE = "audit_auditevent"
# the first key of the advisory locks; the lane is the second
LOCKS = 0x51A9
# where a connection looks first, and how many there are at the most: more than a server has connections
HOMES, LANES = 64, 4096
_homes: WeakKeyDictionary[Any, int] = WeakKeyDictionary()


class TrailUnavailable(RuntimeError):
    """No record can be written, so nothing is done that would need one; the message says why."""


@dataclass(frozen=True)
class Place:
    """Behind which record of which lane the next one goes."""

    lane: int
    sequence: int
    previous: str


def take() -> Place:
    """The next place, held until the transaction ends. Raises TrailUnavailable."""
    return _take_free() if connection.vendor == "postgresql" else _behind(0)


def _take_free() -> Place:
    """One question in the common case: is this connection's own lane free, and where does it end?

    The lock and the end are two statements. The second one sees what the transaction that held the lock
    before has committed, as READ COMMITTED looks anew for each statement.
    """
    raw = connection.connection
    lane = _homes.get(raw)
    if lane is None:
        lane = raw.info.backend_pid % HOMES
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT pg_try_advisory_xact_lock({LOCKS}, {lane}), current_setting('transaction_isolation');"
            + _END.format(lane=lane)
        )
        held, isolation = cursor.fetchone()
        if isolation != "read committed":
            raise TrailUnavailable(
                f"The audit trail needs transactions that are READ COMMITTED, not {isolation.upper()}."
            )
        if held:
            cursor.nextset()
            _homes[raw] = lane
            return _place(lane, cursor.fetchone())
        cursor.execute(_FREE.format(first=lane + 1))
        found = cursor.fetchone()
    if found is None:
        raise TrailUnavailable(f"All {LANES} lanes of the audit trail are being written to. Try again.")
    _homes[raw] = found[0]
    return _behind(found[0])


_END = f"SELECT sequence, hash FROM {TABLE} WHERE lane = {{lane}} ORDER BY sequence DESC LIMIT 1"  # noqa: S608
_FREE = f"""
SELECT lane % {LANES} FROM generate_series({{first}}, {{first}} + {LANES - 1}) AS lane
WHERE pg_try_advisory_xact_lock({LOCKS}, lane % {LANES}) LIMIT 1
"""  # noqa: S608 numbers of ours


def _behind(lane: int) -> Place:
    with connection.cursor() as cursor:
        cursor.execute(_END.format(lane=lane))
        return _place(lane, cursor.fetchone())


def _place(lane: int, end: tuple[int, str] | None) -> Place:
    sequence, previous = end or (0, GENESIS)
    return Place(lane, sequence + 1, previous)


def ends() -> dict[int, tuple[int, str]]:
    """{lane: (sequence, hash)} of the last record of every lane: a look into the index for each, however many
    records there are."""
    with connection.cursor() as cursor:
        cursor.execute(_ENDS)
        return {lane: (sequence, digest) for lane, sequence, digest in cursor.fetchall()}


_ENDS = f"""
WITH RECURSIVE lanes(lane) AS (
  SELECT MIN(lane) FROM {TABLE}
  UNION ALL
  SELECT (SELECT MIN(event.lane) FROM {TABLE} AS event WHERE event.lane > lanes.lane)
  FROM lanes WHERE lanes.lane IS NOT NULL
), tops(lane, top) AS (
  SELECT lane, (SELECT MAX(event.sequence) FROM {TABLE} AS event WHERE event.lane = lanes.lane)
  FROM lanes WHERE lane IS NOT NULL
)
SELECT tops.lane, tops.top, event.hash FROM tops
JOIN {TABLE} AS event ON event.lane = tops.lane AND event.sequence = tops.top
"""  # noqa: S608
