"""The log of a rollout: bounded, secrets masked, readable while it grows."""

from __future__ import annotations

import time

from portal.core import clock
from portal.lifecycle.models import LogLine, Release, Rollout
from portal.lifecycle.operations.secrets import Redactor, of

MAX_LINES = 2000
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
        line = CUT if self.count == MAX_LINES else self.redact(text.rstrip())
        self._waiting.append(LogLine(rollout=self.rollout, at=clock.now(), text=line[:MAX_LENGTH]))
        if time.monotonic() - self._written >= FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Make everything said so far readable."""
        self._written = time.monotonic()
        if self._waiting:
            LogLine.objects.bulk_create(self._waiting)
            self._waiting = []
