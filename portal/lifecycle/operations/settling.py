"""Waiting changes whose gate has come to be satisfied without a further decision: its rules were relaxed."""

from __future__ import annotations

import structlog
from django.db import transaction
from django.db.models import Case, Count, F, OuterRef, QuerySet, Subquery, When
from django.db.models.functions import Coalesce

from portal.core import clock
from portal.core.errors import SlipwayError, StateConflict
from portal.lifecycle.models import Approval, ChangeRequest
from portal.lifecycle.operations import seals
from portal.lifecycle.operations.queueing import queue
from portal.lifecycle.selectors import consents

log = structlog.get_logger(__name__)


def settle() -> int:
    """Queue what the gate would let pass as it is now. Returns how many."""
    count = 0
    for change in candidates():
        if not _is_satisfied(change):
            continue
        try:
            with transaction.atomic():
                queue(change)
            count += 1
        except StateConflict:
            continue  # decided, or taken back, in this very moment
    return count


def candidates() -> QuerySet[ChangeRequest]:
    """Waiting changes with as many consents as their gate wants now, whoever they are from; in one query."""
    consenting = Approval.objects.filter(
        change=OuterRef("pk"), digest=OuterRef("seal"), decision=Approval.Decision.APPROVED
    ).order_by()
    counted = Subquery(consenting.values("change").annotate(n=Count("pk")).values("n"))
    wanted = Case(
        When(
            proven=True,
            environment__rollback_approvals_required__isnull=False,
            then=F("environment__rollback_approvals_required"),
        ),
        default=F("environment__approvals_required"),
    )
    waiting = ChangeRequest.objects.for_execution().awaiting_approval()
    return (
        waiting.filter(emergency=False, expires_at__gt=clock.now())
        .annotate(consents=Coalesce(counted, 0), wanted=wanted)
        .filter(consents__gte=F("wanted"))
        .order_by("created_at")
    )


def _is_satisfied(change: ChangeRequest) -> bool:
    """Whether people who may decide now have consented to what is sealed, and nobody wants another release.
    What cannot be told is not satisfied."""
    if consents.lacking(change) or change.comments.standing().exists():
        return False
    try:
        if change.release is None:
            seals.check_retirement(change)
        else:
            seals.check(change.release, change.subject)
    except SlipwayError as exc:
        log.info("not_settled", change=change.pk, code=exc.code)
        return False
    return True
