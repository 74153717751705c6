"""States and moves of a change, as data."""

from __future__ import annotations

from django.db import models

from portal.core.transitions import Machine


class ChangeState(models.TextChoices):
    DENIED = "denied", "Denied by policy"
    AWAITING_APPROVAL = "awaiting_approval", "Awaiting approval"
    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"
    REJECTED = "rejected", "Rejected"
    CANCELLED = "cancelled", "Cancelled"
    EXPIRED = "expired", "Expired"
    SUPERSEDED = "superseded", "Superseded"


class Phase(models.TextChoices):
    """Where a running change is. Each phase is one short step of a worker; none waits for the cluster."""

    APPLYING = "applying", "Applying"
    OBSERVING = "observing", "Observing"
    VERIFYING = "verifying", "Verifying"
    REVERTING = "reverting", "Rolling back"


class ChangeKind(models.TextChoices):
    CREATE = "create", "Create"
    UPDATE = "update", "Update"
    UPGRADE = "upgrade", "Upgrade"
    ROLLBACK = "rollback", "Roll back"
    PROMOTE = "promote", "Promote"
    REMEDIATE = "remediate", "Remediate"
    RETIRE = "retire", "Retire"


class Health(models.TextChoices):
    """The five meanings that pages show."""

    READY = "ready", "Ready"
    WORKING = "working", "Working"
    WAITING = "waiting", "Waiting"
    WRONG = "wrong", "Wrong"
    QUIET = "quiet", "Quiet"


class ExceptionState(models.TextChoices):
    """Of a policy exception. Whether a granted one counts is a matter of time, never of this alone."""

    REQUESTED = "requested", "Waiting for a decision"
    GRANTED = "granted", "Granted"
    REJECTED = "rejected", "Rejected"
    WITHDRAWN = "withdrawn", "Withdrawn"
    REVOKED = "revoked", "Revoked"
    EXPIRED = "expired", "Ended"


CHANGES: Machine[ChangeState] = Machine(
    {
        ChangeState.DENIED: frozenset(),
        ChangeState.AWAITING_APPROVAL: {
            ChangeState.QUEUED,
            ChangeState.REJECTED,
            ChangeState.CANCELLED,
            ChangeState.EXPIRED,
            ChangeState.SUPERSEDED,
        },
        ChangeState.QUEUED: {ChangeState.RUNNING, ChangeState.CANCELLED, ChangeState.SUPERSEDED},
        # cancelled only after what had been applied was taken back
        ChangeState.RUNNING: {ChangeState.SUCCEEDED, ChangeState.FAILED, ChangeState.CANCELLED},
        ChangeState.SUCCEEDED: frozenset(),
        ChangeState.FAILED: frozenset(),
        ChangeState.REJECTED: frozenset(),
        ChangeState.CANCELLED: frozenset(),
        ChangeState.EXPIRED: frozenset(),
        ChangeState.SUPERSEDED: frozenset(),
    }
)
ACTIVE_STATES = (ChangeState.AWAITING_APPROVAL, ChangeState.QUEUED, ChangeState.RUNNING)
EXECUTABLE_STATES = (ChangeState.QUEUED, ChangeState.RUNNING)

EXCEPTIONS: Machine[ExceptionState] = Machine(
    {
        ExceptionState.REQUESTED: {
            ExceptionState.GRANTED,
            ExceptionState.REJECTED,
            ExceptionState.WITHDRAWN,
            ExceptionState.EXPIRED,
        },
        ExceptionState.GRANTED: {ExceptionState.REVOKED, ExceptionState.EXPIRED},
        ExceptionState.REJECTED: frozenset(),
        ExceptionState.WITHDRAWN: frozenset(),
        ExceptionState.REVOKED: frozenset(),
        ExceptionState.EXPIRED: frozenset(),
    }
)
