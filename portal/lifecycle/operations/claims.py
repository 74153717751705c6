"""Who may work on a change right now: compare-and-swap claims with a lease, a heartbeat and a fencing
token."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Q

from portal.audit.recording import record
from portal.core import clock
from portal.core.errors import StateConflict
from portal.lifecycle.models import ChangeRequest
from portal.lifecycle.operations.holding import Hold, hold_at
from portal.lifecycle.states import CHANGES, EXECUTABLE_STATES, ChangeState, Phase

LEASE = timedelta(seconds=60)
HEARTBEAT_SECONDS = 10.0


class ClaimLost(StateConflict):
    """Another worker has taken over; whatever this one found out is void."""

    code = "claim_lost"
    default_message = "Another worker has taken over."


@dataclass(frozen=True)
class Claim:
    """The right to write to one change, as long as the row still carries this token.

    `change` is the row as it was when the claim was taken, with all that a step needs.
    """

    change: ChangeRequest
    token: int
    owner: str

    @property
    def change_id(self) -> int:
        return self.change.pk

    @property
    def conditions(self) -> dict[str, Any]:
        return {"fencing_token": self.token, "lease_owner": self.owner}

    def write(self, **values: Any) -> None:
        """Update the change if the claim still stands; raises ClaimLost."""
        if not ChangeRequest.objects.filter(pk=self.change_id, **self.conditions).update(**values):
            raise ClaimLost

    def move(self, old: ChangeState, new: ChangeState, **values: Any) -> None:
        """Change the state if the claim still stands, and give the claim back; raises ClaimLost or
        StateConflict."""
        try:
            CHANGES.move(
                ChangeRequest.objects.all(),
                pk=self.change_id,
                old=old,
                new=new,
                where=self.conditions,
                lease_owner="",
                lease_expires_at=None,
                run_after=None,
                **values,
            )
        except StateConflict as exc:
            raise ClaimLost from exc

    def yield_until(self, moment: datetime, **values: Any) -> None:
        """Give the claim back; the next step is due at `moment`."""
        self.write(lease_owner="", lease_expires_at=None, run_after=moment, **values)


def worker_name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}:{threading.get_ident()}"[:80]


def take(change_id: int, *, owner: str) -> Claim | None:
    """Claim a due change, or None: not due, held by a living lease, decided meanwhile, or gone; or its
    environment is closed, so that it waits for the opening.

    The first claim moves queued to running; both happen in the statement that takes the lease, so that of any
    number of deliveries of the same wake-up exactly one works.
    """
    now = clock.now()
    free = Q(lease_expires_at=None) | Q(lease_expires_at__lt=now)
    with transaction.atomic():
        taken = ChangeRequest.objects.filter(
            free, pk=change_id, state__in=EXECUTABLE_STATES, run_after__lte=now
        ).update(lease_owner=owner, lease_expires_at=now + LEASE, fencing_token=F("fencing_token") + 1)
        if not taken:
            return None
        change = ChangeRequest.objects.for_execution().get(pk=change_id)
        claim = Claim(change, change.fencing_token, owner)
        hold = hold_at(change, now)
        if hold is not None:
            _put_back(claim, hold)
            return None
        if change.state == ChangeState.QUEUED:
            CHANGES.move(
                ChangeRequest.objects.all(),
                pk=change_id,
                old=ChangeState.QUEUED,
                new=ChangeState.RUNNING,
                where=claim.conditions,
                phase=Phase.APPLYING,
                started_at=now,
                held="",
            )
            change.state, change.phase, change.started_at = ChangeState.RUNNING, Phase.APPLYING, now
            record("change.started", change, actor=None, after={"worker": owner})
        return claim


def _put_back(claim: Claim, hold: Hold) -> None:
    """Give the claim back until the environment opens; said once for each new reason."""
    if claim.change.held != hold.text:
        record("change.held", claim.change, actor=None, after={"waits_for": hold.text})
    claim.yield_until(hold.until, held=hold.text)


def others_due(change_id: int) -> bool:
    """Whether other work waits, so that this one should not linger."""
    now = clock.now()
    return (
        ChangeRequest.objects.filter(state__in=EXECUTABLE_STATES, run_after__lte=now)
        .filter(Q(lease_expires_at=None) | Q(lease_expires_at__lt=now))
        .exclude(pk=change_id)
        .exists()
    )


@contextmanager
def heartbeat(claim: Claim) -> Iterator[threading.Event]:
    """Renew the lease in the background. The event is set when the claim is lost: stop what you do."""
    lost, done = threading.Event(), threading.Event()

    def beat() -> None:
        try:
            while not done.wait(HEARTBEAT_SECONDS):
                renewed = ChangeRequest.objects.filter(pk=claim.change_id, **claim.conditions).update(
                    lease_expires_at=clock.now() + LEASE
                )
                if not renewed:
                    lost.set()
                    return
        finally:
            connection.close()

    thread = threading.Thread(target=beat, name=f"lease-{claim.change_id}", daemon=True)
    thread.start()
    try:
        yield lost
    finally:
        done.set()
        thread.join()
