"""People's decisions at a gate."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from portal.accounts.models import User
from portal.audit.recording import record
from portal.core import clock
from portal.core.errors import NotPermitted, ReleaseChanged, StateConflict, ValidationFailed
from portal.lifecycle import tasks
from portal.lifecycle.models import Approval, ChangeRequest
from portal.lifecycle.operations.abandoning import abandon
from portal.lifecycle.states import CHANGES, ChangeState


def approve(change: ChangeRequest, *, actor: User, digest: str, comment: str = "") -> Approval:
    """Record one person's consent to exactly this release, and queue the change when the gate is satisfied.

    Raises NotPermitted (requester, contributor, or not an operator; the attempt is audited),
    StateConflict (no longer waiting, or decided by this person already), ReleaseChanged (the digest
    seen is not the digest sealed).
    """
    _check_may_decide(change, actor)
    with transaction.atomic():
        approval = _decide(change, actor, Approval.Decision.APPROVED, digest, comment)
        record("change.approved", change, actor=actor, after={"digest": digest}, comment=comment)
        approvers = change.approvals.valid().values_list("actor_id", flat=True)
        if change.environment.gate.satisfied_by(approvers):
            _queue(change)
    change.refresh_from_db()
    return approval


def reject(change: ChangeRequest, *, actor: User, digest: str, comment: str) -> Approval:
    """Refuse the change; the reason is required. Raises as `approve`, and ValidationFailed without a
    reason."""
    _check_may_decide(change, actor)
    if not comment.strip():
        raise ValidationFailed.at(
            "/comment", "Say why, so that whoever asked knows what to change.", "required"
        )
    with transaction.atomic():
        approval = _decide(change, actor, Approval.Decision.REJECTED, digest, comment)
        now = clock.now()
        CHANGES.move(
            ChangeRequest.objects.all(),
            pk=change.pk,
            old=ChangeState.AWAITING_APPROVAL,
            new=ChangeState.REJECTED,
            decided_at=now,
            finished_at=now,
            outcome=f"Rejected by {actor}: {comment}",
        )
        abandon(change)
        record("change.rejected", change, actor=actor, after={"digest": digest}, comment=comment)
    change.refresh_from_db()
    return approval


def why_may_not_decide(change: ChangeRequest, user: User) -> str | None:
    """The reason why `user` may not decide this change now, for a page to show; None when they may."""
    try:
        change.environment.gate.check_may_decide(user, contributors=change.contributors)
    except NotPermitted as exc:
        return exc.message
    if change.state != ChangeState.AWAITING_APPROVAL:
        return "It does not wait for a decision."
    if change.approvals.filter(actor=user).exists():
        return "You have decided already; it waits for somebody else."
    return None


def _check_may_decide(change: ChangeRequest, actor: User) -> None:
    try:
        change.environment.gate.check_may_decide(actor, contributors=change.contributors)
    except NotPermitted as exc:
        record("decision.refused", change, actor=actor, after={"reason": exc.message})
        raise


def _decide(change: ChangeRequest, actor: User, decision: str, digest: str, comment: str) -> Approval:
    """Write the decision down, with the row locked by touching it, so that two people's decisions queue
    up."""
    waiting = ChangeRequest.objects.filter(pk=change.pk, state=ChangeState.AWAITING_APPROVAL)
    if not waiting.update(state=ChangeState.AWAITING_APPROVAL):
        raise StateConflict("It no longer waits for a decision.")
    if digest != change.seal:
        raise ReleaseChanged(sealed=change.seal)
    try:
        with transaction.atomic():
            return Approval.objects.create(
                change=change, actor=actor, digest=digest, comment=comment, decision=decision, at=clock.now()
            )
    except IntegrityError as exc:
        raise StateConflict("You have decided this already.") from exc


def _queue(change: ChangeRequest) -> None:
    now = clock.now()
    CHANGES.move(
        ChangeRequest.objects.all(),
        pk=change.pk,
        old=ChangeState.AWAITING_APPROVAL,
        new=ChangeState.QUEUED,
        decided_at=now,
        run_after=now,
        expires_at=None,
    )
    record("change.queued", change, actor=None)
    transaction.on_commit(lambda: tasks.wake(change.pk))
