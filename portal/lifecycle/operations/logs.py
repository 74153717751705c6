"""The log of a rollout: bounded, secrets masked, readable while it grows."""

from __future__ import annotations

import time

import structlog
from django.db import DatabaseError, InterfaceError

from portal.core import clock
from portal.lifecycle.models import LogLine, Release, Rollout
from portal.lifecycle.operations.secrets import Redactor, of

log = structlog.get_logger(__name__)

MAX_LINES = 2000
# lines that are kept for a database that does not take them
MAX_WAITING = 200
MAX_LENGTH = 2000
FLUSH_SECONDS = 0.3
CUT = "The log is cut here: it is too long."


class RolloutLog:
    """Appends lines to one rollout; several at once, since helm says much in little time."""

    def __init__(self, rollout: Rollout, release: Release | None) -> None:
        self.rollout = rollout
        self.count = 0
        self.redact = Redactor(of(release.offering_version.values_schema, release.values) if release else [])
        self._waiting: list[LogLine] = []
        self._written = 0.0

    def __call__(self, text: str) -> None:
        self.count += 1
        if self.count > MAX_LINES:
            return
        line = (
            CUT
            if self.count == MAX_LINES
            else self.redact(text.rstrip()).replace("\0", "\N{REPLACEMENT CHARACTER}")
        )
        self._waiting.append(LogLine(rollout=self.rollout, at=clock.now(), text=line[:MAX_LENGTH]))
        if time.monotonic() - self._written >= FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Make everything said so far readable."""
        self._written = time.monotonic()
        if not self._waiting:
            return
        try:
            LogLine.objects.bulk_create(self._waiting)
        except (DatabaseError, InterfaceError):  # a log is no reason to stop what it tells of
            if len(self._waiting) < MAX_WAITING:
                return
            log.warning("rollout_log_lost", rollout=self.rollout.pk, lines=len(self._waiting), exc_info=True)
        self._waiting = []
