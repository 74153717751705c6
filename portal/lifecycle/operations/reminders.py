"""Changes and reviews that wait too long. Each is told once, however many beats look at the same time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from portal.audit.recording import record
from portal.core import clock
from portal.environments.models import Environment
from portal.lifecycle.models import BreakGlass, ChangeRequest
from portal.lifecycle.operations import announcing
from portal.lifecycle.states import ChangeState

Tell = Callable[[ChangeRequest, int], None]
TOLD = {"change.reminded": "reminded_at", "change.escalated": "escalated_at"}


def remind() -> int:
    """Remind those who may decide, tell others of what nobody decides, and of reviews that are overdue.
    Returns how many were told of."""
    now = clock.now()
    count = 0
    for environment in Environment.objects.order_by("pk"):
        count += _tell(
            environment, "change.reminded", environment.remind_after_hours, announcing.reminded, now
        )
        count += _tell(
            environment, "change.escalated", environment.escalate_after_hours, announcing.escalated, now
        )
    return count + _tell_overdue(now)


def _tell(environment: Environment, action: str, hours: int, announce: Tell, now: datetime) -> int:
    """Those that have waited `hours` (0: never) and of which nobody was told so."""
    if not hours:
        return 0
    since = now - timedelta(hours=hours)
    due = ChangeRequest.objects.for_lists().filter(
        environment=environment, created_at__lte=since, expires_at__gt=now, **_untold(action)
    )
    count = 0
    for change in due.prefetch_related("contributors", "environment__approver_groups"):
        with transaction.atomic():
            if not claim(change.pk, action, now):
                continue  # decided, or told by another beat, in this very moment
            record(action, change, actor=None, after={"after_hours": hours})
            announce(change, hours)
        count += 1
    return count


def claim(change_id: int, action: str, now: datetime) -> bool:
    """Whether it is this beat that tells: the change still waits, and nobody has told of it so before."""
    rows = ChangeRequest.objects.filter(pk=change_id, **_untold(action))
    return bool(rows.update(**{TOLD[action]: now}))


def _untold(action: str) -> dict[str, Any]:
    return {TOLD[action]: None, "state": ChangeState.AWAITING_APPROVAL}


def _tell_overdue(now: datetime) -> int:
    untold = BreakGlass.objects.unreviewed().filter(overdue_told_at=None)
    due = untold.filter(review_due_at__lte=now)
    count = 0
    for glass in due.select_related("actor", "change__application__team", "change__environment"):
        with transaction.atomic():
            if not untold.filter(pk=glass.pk).update(overdue_told_at=now):
                continue  # reviewed, or told by another beat, in this very moment
            after = {"passed_by": glass.actor.username, "due_at": glass.review_due_at.isoformat()}
            record("gate.review_overdue", glass.change, actor=None, after=after)
            announcing.review_overdue(glass)
        count += 1
    return count
