"""People's decisions at a gate."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from portal.accounts.models import User
from portal.audit.recording import record
from portal.core import clock
from portal.core.errors import (
    ChangeWanted,
    EvidenceMissing,
    NotPermitted,
    PolicyDenied,
    ReleaseChanged,
    SlipwayError,
    StateConflict,
    ValidationFailed,
)
from portal.lifecycle import tasks
from portal.lifecycle.models import Approval, ChangeRequest
from portal.lifecycle.operations import announcing, queueing, seals
from portal.lifecycle.operations.abandoning import abandon
from portal.lifecycle.selectors import consents, evidence
from portal.lifecycle.services import deciding
from portal.lifecycle.states import CHANGES, ChangeState


def approve(
    change: ChangeRequest, *, actor: User, digest: str, comment: str = "", password: str = ""
) -> Approval:
    """Record one person's consent to exactly this release, and queue the change when the gate is satisfied.

    Raises NotPermitted (requester, contributor, or not an operator of the gate's groups; the attempt is
    audited), ReauthenticationRequired, StateConflict (no longer waiting, or decided by this person already),
    ReleaseChanged (the digest seen is not the digest sealed), EvidenceMissing, ChangeWanted, SealBroken,
    PolicyDenied (only an emergency may pass it).
    """
    deciding.check_may_decide(change, actor)
    deciding.check_identity(change, actor, password)
    deciding.check_digest(change, digest)
    _check_ready(change, actor)
    with transaction.atomic():
        approval = _decide(change, actor, Approval.Decision.APPROVED, digest, comment)
        record("change.approved", change, actor=actor, after={"digest": digest}, comment=comment)
        if not consents.lacking(change):
            queue(change)
    change.refresh_from_db()
    return approval


def reject(change: ChangeRequest, *, actor: User, digest: str, comment: str) -> Approval:
    """Refuse the change; the reason is required. Raises NotPermitted, StateConflict, ReleaseChanged as
    `approve`, and ValidationFailed without a reason."""
    deciding.check_may_decide(change, actor)
    if not comment.strip():
        raise ValidationFailed.at(
            "/comment", "Say why, so that whoever asked knows what to change.", "required"
        )
    deciding.check_digest(change, digest)
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
        announcing.ended(change, "change.rejected", f"rejected by {actor}: {comment}", actor=actor)
    change.refresh_from_db()
    return approval


def why_may_not_decide(change: ChangeRequest, user: User) -> str | None:
    """The reason why `user` may neither approve nor reject this change now, for a page to show; None when
    they may."""
    try:
        deciding.check_rules(change, user)
    except NotPermitted as exc:
        return exc.message
    if change.state != ChangeState.AWAITING_APPROVAL:
        return "It does not wait for a decision."
    if change.approvals.filter(actor=user, digest=change.seal).exists():
        return "You have decided already; it waits for somebody else."
    return None


def why_not_yet(change: ChangeRequest, user: User) -> SlipwayError | None:
    """What stands in the way of approving (rejecting may go on): evidence, a wish, a seal that no longer
    holds."""
    try:
        _check_ready(change, user)
    except SlipwayError as exc:
        return exc
    return None


def queue(change: ChangeRequest) -> None:
    """The gate is satisfied: hand the change to the workers. Belongs into the caller's transaction."""
    queueing.queue(change)
    transaction.on_commit(lambda: tasks.wake(change.pk))


def _check_ready(change: ChangeRequest, actor: User) -> None:
    if change.state != ChangeState.AWAITING_APPROVAL:
        raise StateConflict("It no longer waits for a decision.")
    if change.emergency:
        raise PolicyDenied(
            "Policy refuses it, so nobody can approve it. In an emergency an operator, or a maintainer on "
            "call, may pass the gate by breaking the glass."
        )
    wishes = change.comments.standing().exclude(author=actor).select_related("author")
    if wishes:
        names = ", ".join(sorted({wish.author.username for wish in wishes}))
        raise ChangeWanted(
            f"{names} asked for a change of this release. It can be approved once it is sealed anew, or the "
            "wish is taken back."
        )
    if change.release is not None:
        seals.check(change.release, change.subject)
    lacking = evidence.lacking(change)
    if lacking:
        said = "; ".join(f"{each.label}: {each.why}" for each in lacking)
        raise EvidenceMissing(
            f"This gate wants evidence that is not there: {said}. Refresh it, then decide.",
            evidence=[each.as_dict() for each in lacking],
        )


def _decide(change: ChangeRequest, actor: User, decision: str, digest: str, comment: str) -> Approval:
    """Write the decision down, with the row locked by touching it, so that two people's decisions queue
    up."""
    now = clock.now()
    waiting = ChangeRequest.objects.filter(
        pk=change.pk, state=ChangeState.AWAITING_APPROVAL, expires_at__gt=now
    )
    if not waiting.update(state=ChangeState.AWAITING_APPROVAL):
        raise StateConflict("It no longer waits for a decision.")
    if not waiting.filter(seal=digest).exists():
        raise ReleaseChanged(sealed=ChangeRequest.objects.values_list("seal", flat=True).get(pk=change.pk))
    try:
        with transaction.atomic():
            return Approval.objects.create(
                change=change,
                actor=actor,
                digest=digest,
                comment=comment,
                decision=decision,
                at=now,
                requester_id=change.requested_by_id,
                relaxed=change.environment.requester_may_decide,
            )
    except IntegrityError as exc:
        raise StateConflict("You have decided this already.") from exc
