"""The library's own files as a source among others: loaded by services_catalog.sync, and noted here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from portal.core import clock
from services_catalog.models import ChartSource, SourceKind, SyncOutcome

SLUG, NAME = "library", "The library's files"
NEW = frozenset({"created", "chart replaced"})


class Step(Protocol):
    @property
    def what(self) -> str: ...


def note(steps: Sequence[Step], versions: int) -> None:
    """Write down that the files were loaded, what that did, and how many `versions` they hold."""
    new = sum(step.what in NEW for step in steps)
    detail = {"seen": versions, "new": new, "unchanged": max(versions - new, 0), "refused": 0, "gone": 0}
    now = clock.now()
    ChartSource.objects.update_or_create(
        slug=SLUG,
        removed_at=None,
        defaults={
            "name": NAME,
            "kind": SourceKind.TREE,
            "tried_at": now,
            "synced_at": now,
            "outcome": SyncOutcome.OK,
            "outcome_detail": detail,
        },
    )
