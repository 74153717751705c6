"""How a change ends: state, instance and audit event in one transaction, under the claim."""

from __future__ import annotations

from django.db import transaction

from portal.audit.recording import record
from portal.core import clock
from portal.lifecycle.models import ChangeRequest, PolicyReport, ServiceInstance, Violation
from portal.lifecycle.operations import announcing
from portal.lifecycle.operations.claims import Claim
from portal.lifecycle.operations.observation import set_health
from portal.lifecycle.states import ChangeKind, ChangeState, Health


@transaction.atomic
def succeed(change: ChangeRequest, claim: Claim, *, message: str) -> None:
    """The cluster matches the goal. Raises ClaimLost, also when somebody has just asked to stop it."""
    instance = change.subject
    now = clock.now()
    claim.move(
        ChangeState.RUNNING,
        ChangeState.SUCCEEDED,
        where={"cancel_asked_at": None},
        phase="",
        finished_at=now,
        outcome=message,
        held="",
    )
    if change.kind == ChangeKind.RETIRE:
        ServiceInstance.objects.filter(pk=instance.pk).update(retired_at=now)
        # what no longer runs violates nothing
        PolicyReport.objects.filter(instance=instance).delete()
        Violation.objects.filter(instance=instance).delete()
        set_health(instance, Health.QUIET, "")
    else:
        ServiceInstance.objects.filter(pk=instance.pk).update(current_release=change.release)
        set_health(instance, Health.READY, "")
    record(
        "change.succeeded",
        change,
        actor=None,
        before={"release": change.base_release and change.base_release.digest},
        after={"release": change.release and change.release.digest, "outcome": message},
    )
    announcing.verified(change)


@transaction.atomic
def fail(
    change: ChangeRequest, claim: Claim, *, message: str, health: Health, health_message: str = ""
) -> None:
    """The change did not work out; `message` says why and what runs now. Raises ClaimLost."""
    _end(change, claim, ChangeState.FAILED, message, health, health_message)
    record("change.failed", change, actor=None, after={"outcome": message})
    announcing.failed(change, message)


@transaction.atomic
def cancel(
    change: ChangeRequest, claim: Claim, *, message: str, health: Health, health_message: str = ""
) -> None:
    """Somebody stopped it while it ran, and what it had applied was taken back; `message` says what runs now.
    Raises ClaimLost."""
    _end(change, claim, ChangeState.CANCELLED, message, health, health_message)
    asker = change.cancel_asked_by
    record("change.stopped", change, actor=None, on_behalf_of=asker, after={"outcome": message})
    announcing.ended(change, "change.cancelled", message, actor=asker)


def _end(
    change: ChangeRequest,
    claim: Claim,
    state: ChangeState,
    message: str,
    health: Health,
    health_message: str,
) -> None:
    claim.move(ChangeState.RUNNING, state, phase="", finished_at=clock.now(), outcome=message, held="")
    set_health(change.subject, health, health_message)
