"""A newer request takes the place of one that waits."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from portal.accounts.models import User
from portal.audit.recording import record
from portal.core import clock
from portal.core.errors import ChangeUnderWay, StateConflict
from portal.lifecycle.models import ChangeRequest, ServiceInstance
from portal.lifecycle.operations import announcing
from portal.lifecycle.operations.abandoning import abandon
from portal.lifecycle.states import CHANGES, ChangeState


def in_the_way(instance: ServiceInstance, *, yields: bool = False) -> ChangeRequest | None:
    """The waiting change that a newer request would replace; None when there is none under way.

    Raises ChangeUnderWay for one that may not be replaced: a worker has it, the environment's rule is that
    whoever comes later waits, or the newer request gives way by itself (`yields`).
    """
    active = instance.changes.active().select_related("environment").first()
    if active is None:
        return None
    if yields or not may_be_superseded(active):
        raise ChangeUnderWay
    return active


def may_be_superseded(change: ChangeRequest) -> bool:
    """Whether it still waits for people, or approved for an opening, and the environment lets it be
    replaced."""
    waits = change.state == ChangeState.AWAITING_APPROVAL or (
        change.state == ChangeState.QUEUED and bool(change.held)
    )
    return waits and change.environment.supersede_waiting


def supersede(change: ChangeRequest, *, actor: User, by: ChangeRequest | None = None, why: str = "") -> None:
    """End a waiting change, because `by` takes its place or what it was about is overtaken (`why`).

    Belongs into the caller's transaction. Raises StateConflict when it waits no more.
    """
    CHANGES.move(
        ChangeRequest.objects.all(),
        pk=change.pk,
        old=ChangeState(change.state),
        new=ChangeState.SUPERSEDED,
        run_after=None,
        expires_at=None,
        finished_at=clock.now(),
        superseded_by=by,
        outcome=why or f"Superseded by a newer request of {actor}.",
    )
    record("change.superseded", change, actor=actor, after={"by": by.pk if by else None}, comment=why)
    said = why or f"superseded by a newer request of {actor}."
    announcing.ended(change, "change.superseded", said, actor=actor)


def close_overtaken(changes: Sequence[ChangeRequest], *, actor: User, why: str) -> list[ChangeRequest]:
    """End several waiting changes that events have overtaken; each in a transaction of its own. Returns those
    that still waited. The caller has checked that `actor` may."""
    closed = []
    for change in changes:
        try:
            with transaction.atomic():
                supersede(change, actor=actor, why=f"Closed by {actor} as overtaken: {why}")
                abandon(change)
            closed.append(change)
        except StateConflict:
            continue  # decided, or taken back, in this very moment
    return closed
