"""Asking for the evidence of a waiting change to be gathered anew."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q

from portal.accounts.models import User
from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.audit.recording import record
from portal.core import clock
from portal.core.errors import StateConflict
from portal.lifecycle import tasks
from portal.lifecycle.models import ChangeRequest
from portal.lifecycle.states import ChangeState

# Whoever asks again within this time, before it is done, meets what is under way already.
PAUSE = timedelta(seconds=5)


@transaction.atomic
def refresh(change: ChangeRequest, *, actor: User) -> None:
    """Have all evidence gathered again, by a worker; at once, but not twice for one gathering.

    Raises NotPermitted (neither of the owning team nor an operator), StateConflict (no decision is due).
    """
    if not actor.is_active or not actor.access.may(Verb.DECIDE):
        require(actor, Verb.REQUEST, change.team_id)
    now = clock.now()
    waiting = ChangeRequest.objects.filter(pk=change.pk, state=ChangeState.AWAITING_APPROVAL)
    # also when it was asked for, or gathered, by a clock that was far ahead; not by one in the same instant
    due = waiting.filter(
        Q(evidence_asked_at=None)
        | Q(evidence_asked_at__lte=now - PAUSE)
        | Q(evidence_asked_at__gt=now + PAUSE)
        | Q(evidence_gathered_at__gte=F("evidence_asked_at"))
    )
    if due.update(evidence_asked_at=now):
        waiting.filter(evidence_gathered_at__gte=now).update(evidence_gathered_at=None)
        record("evidence.asked", change, actor=actor)
        transaction.on_commit(lambda: tasks.wake_evidence(change.pk))
    elif not waiting.exists():
        raise StateConflict("It no longer waits for a decision, so nothing is gathered any more.")
    change.refresh_from_db(fields=["evidence_asked_at", "evidence_gathered_at"])
