"""The log of a rollout: bounded, secrets masked, readable while it grows."""

from __future__ import annotations

from portal.core import clock
from portal.lifecycle.models import LogLine, Release, Rollout
from portal.lifecycle.operations.secrets import Redactor, of

MAX_LINES = 2000
MAX_LENGTH = 2000


class RolloutLog:
    """Appends lines to one rollout."""

    def __init__(self, rollout: Rollout, release: Release | None) -> None:
        self.rollout = rollout
        self.count = 0
        self.redact = Redactor(of(release.offering_version.values_schema, release.values) if release else [])

    def __call__(self, text: str) -> None:
        self.count += 1
        if self.count > MAX_LINES:
            return
        line = (
            "The log is cut here: it is too long." if self.count == MAX_LINES else self.redact(text.rstrip())
        )
        LogLine.objects.create(rollout=self.rollout, at=clock.now(), text=line[:MAX_LENGTH])
