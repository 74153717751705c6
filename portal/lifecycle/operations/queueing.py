"""From the gate to the workers."""

from __future__ import annotations

from portal.audit.recording import record
from portal.core import clock
from portal.lifecycle.models import ChangeRequest
from portal.lifecycle.operations import announcing
from portal.lifecycle.states import CHANGES, ChangeState


def queue(change: ChangeRequest) -> None:
    """The gate is satisfied: the change is due. Belongs into the caller's transaction; the caller, or the
    next sweep, wakes a worker. Raises StateConflict when it waits no more, or with another release by now."""
    now = clock.now()
    CHANGES.move(
        ChangeRequest.objects.all(),
        pk=change.pk,
        old=ChangeState.AWAITING_APPROVAL,
        new=ChangeState.QUEUED,
        where={"seal": change.seal},
        decided_at=now,
        run_after=now,
        expires_at=None,
    )
    record("change.queued", change, actor=None)
    announcing.queued(change)
