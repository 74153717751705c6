"""What waits for one person."""

from __future__ import annotations

from django.db.models import QuerySet

from portal.accounts.models import User
from portal.accounts.roles import Verb
from portal.lifecycle.models import BreakGlass, ChangeRequest
from portal.lifecycle.selectors.changes import awaiting_decision_by


def waiting_for(user: User) -> QuerySet[ChangeRequest]:
    """Changes that `user` may decide now, riskiest first, then oldest."""
    return awaiting_decision_by(user)


def count_for(user: User) -> int:
    return waiting_for(user).order_by().count()


def unreviewed_for(user: User) -> QuerySet[BreakGlass]:
    """Passed gates that `user` may review, whichever is due first; the rules of services/break_glass.py, in
    SQL."""
    if not user.access.may(Verb.DECIDE) or user.is_service_account:
        return BreakGlass.objects.none()
    took_part = ChangeRequest.contributors.through.objects.filter(user=user).values("changerequest")
    return (
        BreakGlass.objects.unreviewed()
        .exclude(actor=user)
        .exclude(change__requested_by=user)
        .exclude(change__in=took_part)
        .select_related("actor", "change__application__team", "change__environment", "change__offering")
        .defer("change__verdicts")
        .order_by("review_due_at", "id")
    )
