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
from portal.lifecycle.operations.evidence import diff, drift, findings, health, policies, quota, rollback
from portal.lifecycle.operations.evidence.found import Found
from portal.lifecycle.operations.evidence.subject import Subject
from portal.lifecycle.states import ChangeState

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=120)

Gatherer = Callable[[Subject], Found | None]
# By kind, as portal/lifecycle/selectors/evidence.py names them.
GATHERERS: Mapping[str, Gatherer] = {
    "policies": policies.gather,
    "findings": findings.gather,
    "health": health.gather,
    "drift": drift.gather,
    "diff": diff.gather,
    "rollback": rollback.gather,
    "quota": quota.gather,
}
BESIDE_THE_POINT = Found(Evidence.Status.GOOD, "Does not concern this change", "portal")


def due_ids(limit: int = 100) -> list[int]:
    """Waiting changes whose evidence is asked for and not gathered, which no living lease holds."""
    return list(_due(clock.now()).order_by("evidence_asked_at").values_list("pk", flat=True)[:limit])


def gather(change_id: int) -> bool:
    """Gather every kind of evidence of a waiting change, if it is due and free; a second delivery finds it
    taken or done. What cannot be found out is said so, never left as it was.

    All is as old as the beginning: what was asked for after it is gathered again.
    """
    now = clock.now()
    lease = claim(change_id, now)
    if lease is None:
        return False
    change = ChangeRequest.objects.for_execution().select_related("offering").get(pk=change_id)
    subject = Subject(change, began_at=now)
    for kind, gatherer in GATHERERS.items():
        if not _keep(subject, kind, _found(kind, gatherer, subject), lease):
            log.warning("evidence_lease_lost", change=change_id, kind=kind)
            return False
    done = ChangeRequest.objects.filter(pk=change_id, evidence_lease=lease)
    return bool(done.update(evidence_gathered_at=now, evidence_lease=None))


def claim(change_id: int, now: datetime) -> datetime | None:
    """Until when this worker has it; None when it is not due, or another has it. Of many, one."""
    lease = now + LEASE
    return lease if _due(now).filter(pk=change_id).update(evidence_lease=lease) else None


def _due(now: datetime) -> QuerySet[ChangeRequest]:
    """Asked for after it was gathered last."""
    return (
        ChangeRequest.objects.filter(state=ChangeState.AWAITING_APPROVAL, evidence_asked_at__lte=now)
        .filter(Q(evidence_gathered_at=None) | Q(evidence_gathered_at__lt=F("evidence_asked_at")))
        .filter(Q(evidence_lease=None) | Q(evidence_lease__lt=now))
    )


def _found(kind: str, gatherer: Gatherer, subject: Subject) -> Found | None:
    try:
        found = gatherer(subject)
        wanted = kind in subject.change.environment.required_evidence
        # said where the gate asks for it, since what is merely not there keeps the gate shut
        return BESIDE_THE_POINT if found is None and wanted else found
    except SlipwayError as exc:
        said = f"Could not be found out: {_covered(subject, exc.message)}"
        return Found(Evidence.Status.UNKNOWN, said, "portal")
    except Exception:
        log.exception("evidence_failed", change=subject.change.pk, kind=kind)
        return Found(Evidence.Status.UNKNOWN, "Could not be found out: the portal's log says why.", "portal")


def _covered(subject: Subject, message: str) -> str:
    """Helm and clusters quote values."""
    return subject.cover().text(message)


@transaction.atomic
def _keep(subject: Subject, kind: str, found: Found | None, lease: datetime) -> bool:
    """The newest replaces the one before; what does not concern this change has no row. Nothing is written
    by a worker that was given up, whose lease another has."""
    change = subject.change
    if not ChangeRequest.objects.filter(pk=change.pk, evidence_lease=lease).update(evidence_lease=lease):
        return False
    rows = Evidence.objects.filter(change=change, kind=kind)
    if found is None:
        rows.delete()
        return True
    rows.update_or_create(
        change=change,
        kind=kind,
        defaults={
            "status": found.status,
            "summary": found.summary[:300],
            "detail": dict(found.detail),
            "source": found.source[:120],
            "digest": change.seal,
            "observed_at": subject.began_at,
        },
    )
    return True
