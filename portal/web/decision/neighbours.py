"""The changes before and after one in a person's queue, for going through it without leaving."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q

from portal.accounts.models import User
from portal.accounts.roles import Verb
from portal.lifecycle.models import ChangeRequest
from portal.lifecycle.selectors.changes import awaiting_decision_by


@dataclass(frozen=True)
class Neighbours:
    """Ids; None at either end of the queue."""

    previous: int | None = None
    following: int | None = None


def of_change(change: ChangeRequest, user: User) -> Neighbours:
    """By the queue's order, also for what has just left it."""
    if not user.access.may(Verb.DECIDE):
        return Neighbours()
    queue = awaiting_decision_by(user).exclude(pk=change.pk).values_list("pk", flat=True)
    at, pk, risk = change.created_at, change.pk, change.risk
    later = Q(risk__lt=risk) | Q(risk=risk, created_at__gt=at) | Q(risk=risk, created_at=at, pk__gt=pk)
    backwards = queue.exclude(later).order_by("risk", "-created_at", "-pk")
    return Neighbours(backwards.first(), queue.filter(later).first())
