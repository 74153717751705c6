"""Gathering all evidence of one change: claimed with a lease, so that it is done once at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import F, Q, QuerySet

from portal.core import clock
from portal.core.errors import SlipwayError
from portal.lifecycle.models import ChangeRequest, Evidence
from portal.lifecycle.operations.evidence import policies
from portal.lifecycle.operations.evidence.found import Found
from portal.lifecycle.states import ChangeState

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=120)

Gatherer = Callable[[ChangeRequest], Found | None]
# By kind, as portal/lifecycle/selectors/evidence.py names them.
GATHERERS: Mapping[str, Gatherer] = {
    "policies": policies.gather,
}


def due_ids(limit: int = 100) -> list[int]:
    """Waiting changes whose evidence is asked for and not gathered, which no living lease holds."""
    return list(_due(clock.now()).order_by("evidence_asked_at").values_list("pk", flat=True)[:limit])


def gather(change_id: int) -> bool:
    """Gather every kind of evidence of a waiting change, if it is due and free; a second delivery finds it
    taken or done. What cannot be found out is said so, never left as it was."""
    now = clock.now()
    if not _due(now).filter(pk=change_id).update(evidence_lease=now + LEASE):
        return False
    change = ChangeRequest.objects.for_execution().get(pk=change_id)
    for kind, gatherer in GATHERERS.items():
        _keep(change, kind, _found(kind, gatherer, change))
    ChangeRequest.objects.filter(pk=change_id).update(evidence_gathered_at=clock.now(), evidence_lease=None)
    return True


def _due(now: datetime) -> QuerySet[ChangeRequest]:
    """Asked for after it was gathered last."""
    return (
        ChangeRequest.objects.filter(state=ChangeState.AWAITING_APPROVAL, evidence_asked_at__lte=now)
        .filter(Q(evidence_gathered_at=None) | Q(evidence_gathered_at__lt=F("evidence_asked_at")))
        .filter(Q(evidence_lease=None) | Q(evidence_lease__lt=now))
    )


def _found(kind: str, gatherer: Gatherer, change: ChangeRequest) -> Found | None:
    try:
        return gatherer(change)
    except SlipwayError as exc:
        return Found(Evidence.Status.UNKNOWN, f"Could not be found out: {exc.message}"[:300], "portal")
    except Exception:
        log.exception("evidence_failed", change=change.pk, kind=kind)
        return Found(Evidence.Status.UNKNOWN, "Could not be found out: the portal's log says why.", "portal")


@transaction.atomic
def _keep(change: ChangeRequest, kind: str, found: Found | None) -> None:
    """The newest replaces the one before; what does not concern this change has no row."""
    rows = Evidence.objects.filter(change=change, kind=kind)
    if found is None:
        rows.delete()
        return
    rows.update_or_create(
        change=change,
        kind=kind,
        defaults={
            "status": found.status,
            "summary": found.summary[:300],
            "detail": dict(found.detail),
            "source": found.source[:120],
            "digest": change.seal,
            "observed_at": clock.now(),
        },
    )
