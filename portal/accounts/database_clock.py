"""All processes go by the database's clock: leases and due times are compared between machines, whose own
clocks may be wrong."""

from __future__ import annotations

import time
from datetime import UTC
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from portal.core import clock


def start() -> None:
    """Set the clock by each new connection to a PostgreSQL server. SQLite runs on this machine's clock."""
    connection_created.connect(_set_clock, dispatch_uid="portal.accounts.database_clock")


def _set_clock(connection: BaseDatabaseWrapper, **_: Any) -> None:
    if connection.vendor != "postgresql":
        return
    asked = time.monotonic()
    # past Django's cursor: this is the connection's business, and no query of whoever counts theirs
    with connection.connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (moment,) = cursor.fetchone()
    clock.follow(moment.astimezone(UTC), ticks=(asked + time.monotonic()) / 2)
