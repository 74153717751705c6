"""Who may work on a change right now: compare-and-swap claims with a lease, a heartbeat and a fencing
token."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F

from portal.audit.recording import record
from portal.core import clock
from portal.core.errors import StateConflict
from portal.environments.models import Cluster
from portal.lifecycle.models import ChangeRequest
from portal.lifecycle.operations import breaker, places, turns
from portal.lifecycle.operations.holding import Hold, hold_at
from portal.lifecycle.selectors.changes import due
from portal.lifecycle.states import CHANGES, ChangeState, Phase

LEASE = timedelta(seconds=settings.SLIPWAY_LEASE_SECONDS)


# what a claim leaves behind when it is given back
FREE: Mapping[str, Any] = {"lease_owner": "", "lease_expires_at": None, "slot": None, "slot_cluster": None}


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

    def move(
        self, old: ChangeState, new: ChangeState, *, where: Mapping[str, Any] | None = None, **values: Any
    ) -> None:
        """Change the state if the claim still stands (and `where` holds), and give the claim back; raises
        ClaimLost or StateConflict."""
        try:
            CHANGES.move(
                ChangeRequest.objects.all(),
                pk=self.change_id,
                old=old,
                new=new,
                where={**self.conditions, **(where or {})},
                run_after=None,
                **FREE,
                **values,
            )
        except StateConflict as exc:
            raise ClaimLost from exc

    def yield_until(self, moment: datetime, **values: Any) -> None:
        """Give the claim back; the next step is due at `moment`."""
        self.write(run_after=moment, **FREE, **values)


def worker_name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}:{threading.get_ident()}"[:80]


class _NotNow(Exception):
    """Not this change, or not at this moment; undoes what taking it had begun."""


def take(change_id: int, *, owner: str) -> Claim | None:
    """Claim a due change, or None: not due, held by a living lease, decided meanwhile, or gone; its cluster
    is busy or does not answer; or its environment is closed, so that it waits for the opening.

    The first claim moves queued to running; both happen in the statement that takes the lease, so that of any
    number of deliveries of the same wake-up exactly one works.
    """
    try:
        with transaction.atomic():
            return _take(change_id, owner, clock.now())
    except (_NotNow, IntegrityError):  # another took the same place on the cluster
        return None


def _take(change_id: int, owner: str, now: datetime) -> Claim | None:
    wanted = due(now).filter(pk=change_id)
    clusters = Cluster.objects.defer("kubeconfig", "api_versions")
    cluster = clusters.filter(environments__changes__in=wanted).first()
    place = places.free_place(cluster, now) if cluster else None
    if cluster is None or place is None:
        return None
    taken = wanted.update(
        lease_owner=owner,
        lease_expires_at=now + LEASE,
        fencing_token=F("fencing_token") + 1,
        slot_cluster=cluster,
        slot=place,
    )
    if not taken:
        return None
    if not breaker.may_try(cluster, now):
        raise _NotNow
    change = ChangeRequest.objects.for_execution().get(pk=change_id)
    claim = Claim(change, change.fencing_token, owner)
    hold = hold_at(change, now)
    if hold is not None:
        _put_back(claim, hold)
        return None
    if change.state == ChangeState.QUEUED:
        _start(claim, now)
    turns.taken(change.team_id, now)
    return claim


def _start(claim: Claim, now: datetime) -> None:
    change = claim.change
    CHANGES.move(
        ChangeRequest.objects.all(),
        pk=change.pk,
        old=ChangeState.QUEUED,
        new=ChangeState.RUNNING,
        where=claim.conditions,
        phase=Phase.APPLYING,
        started_at=now,
        held="",
    )
    change.state, change.phase, change.started_at = ChangeState.RUNNING, Phase.APPLYING, now
    record("change.started", change, actor=None, after={"worker": claim.owner})


def _put_back(claim: Claim, hold: Hold) -> None:
    """Give the claim back until the environment opens; said once for each new reason."""
    if claim.change.held != hold.text:
        record("change.held", claim.change, actor=None, after={"waits_for": hold.text})
    claim.yield_until(hold.until, held=hold.text)
