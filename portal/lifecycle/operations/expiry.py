"""Changes that nobody decided in time."""

from __future__ import annotations

from django.db import transaction

from portal.audit.recording import record
from portal.core import clock
from portal.core.errors import StateConflict
from portal.lifecycle.models import ChangeRequest
from portal.lifecycle.operations import announcing
from portal.lifecycle.operations.abandoning import abandon
from portal.lifecycle.states import CHANGES, ChangeState


def expire_due() -> int:
    """Expire what waited longer than its environment allows. Returns how many."""
    now = clock.now()
    count = 0
    for change in ChangeRequest.objects.for_lists().awaiting_approval().filter(expires_at__lte=now):
        try:
            with transaction.atomic():
                CHANGES.move(
                    ChangeRequest.objects.all(),
                    pk=change.pk,
                    old=ChangeState.AWAITING_APPROVAL,
                    new=ChangeState.EXPIRED,
                    finished_at=now,
                    outcome="Nobody decided in time. Ask again if it is still wanted.",
                )
                abandon(change)
                record("change.expired", change, actor=None)
                announcing.ended(change, "change.expired", "nobody decided in time.")
            count += 1
        except StateConflict:
            continue  # decided in this very moment
    return count
