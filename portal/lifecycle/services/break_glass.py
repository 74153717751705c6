"""Passing a gate in an emergency, and the review that has to follow."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from portal.accounts.models import User
from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.audit.recording import record
from portal.core import clock
from portal.core.errors import (
    NotPermitted,
    PolicyDenied,
    ReleaseChanged,
    StateConflict,
    ValidationFailed,
)
from portal.lifecycle import tasks
from portal.lifecycle.models import BreakGlass, ChangeRequest
from portal.lifecycle.operations import announcing, seals
from portal.lifecycle.selectors import bundle
from portal.lifecycle.services import deciding
from portal.lifecycle.states import CHANGES, ChangeState
from portal.policy.emergencies import admits

SHORTEST_REASON = 10
TOO_LATE = "It no longer waits at the gate, so there is nothing to pass."


def pass_gate(
    change: ChangeRequest, *, actor: User, digest: str, reason: str, password: str = ""
) -> BreakGlass:
    """Let exactly this release run without a decision, or before the environment opens. Everybody is told,
    and another operator has to review it in time.

    Raises NotPermitted (the attempt is audited), ReauthenticationRequired, ValidationFailed, StateConflict,
    ReleaseChanged, SealBroken, PolicyDenied (a policy refuses it and does not admit an emergency).
    """
    _check_may_pass(change, actor)
    said = _checked(reason, "/reason", "Say what the emergency is, in a sentence", SHORTEST_REASON)
    deciding.check_identity(change, actor, password)
    if not waits(change):
        raise StateConflict(TOO_LATE)
    if digest != change.seal:
        raise ReleaseChanged(sealed=change.seal)
    if change.release is None:
        seals.check_retirement(change)
    else:
        seals.check(change.release, change.subject)
    policies = _passed_policies(change)
    with transaction.atomic():
        glass = _break(change, actor, said, policies)
        announcing.passed(glass)
        transaction.on_commit(lambda: tasks.wake(change.pk))
    change.refresh_from_db()
    return glass


def review(glass: BreakGlass, *, actor: User, review: str, comment: str) -> BreakGlass:
    """Say afterwards whether it was justified, with a reason. Raises NotPermitted (the attempt is audited),
    ValidationFailed, StateConflict (somebody has reviewed it already)."""
    change = glass.change
    _check_may_review(glass, actor)
    if review not in BreakGlass.Review.values:
        known = ", ".join(BreakGlass.Review.values)
        raise ValidationFailed.at("/review", f"Must be one of {known}.", "unknown")
    said = _checked(comment, "/comment", "Say why, for whoever reads the record later", 1)
    with transaction.atomic():
        reviewed = BreakGlass.objects.filter(pk=glass.pk, reviewed_at=None).update(
            reviewed_by=actor, reviewed_at=clock.now(), review=review, review_comment=said
        )
        if not reviewed:
            raise StateConflict("It has been reviewed already.")
        glass.refresh_from_db()
        after = {"review": review, "passed_by": glass.actor.username}
        record("gate.reviewed", change, actor=actor, after=after, comment=said)
        announcing.reviewed(glass)
    return glass


def why_may_not_pass(change: ChangeRequest, user: User) -> str | None:
    """The reason why `user` may not pass this gate in an emergency now, for a page to show; None when they
    may."""
    try:
        _check_rules(change, user)
    except NotPermitted as exc:
        return exc.message
    return None if waits(change) else TOO_LATE


def why_may_not_review(glass: BreakGlass, user: User) -> str | None:
    """The reason why `user` may not review this, for a page to show; None when they may."""
    try:
        _check_reviewer(glass, user)
    except NotPermitted as exc:
        return exc.message
    return None if glass.reviewed_at is None else "It has been reviewed already."


def waits(change: ChangeRequest) -> bool:
    """Whether the change is held up by people or by a window."""
    if change.state == ChangeState.AWAITING_APPROVAL:
        return change.expires_at is not None and change.expires_at > clock.now()
    return change.state == ChangeState.QUEUED and bool(change.held)


def _check_rules(change: ChangeRequest, user: User) -> None:
    change.environment.gate.check_may_break_glass(
        user, team=change.team_id, requester=announcing.asker(change).pk
    )


def _check_may_pass(change: ChangeRequest, actor: User) -> None:
    try:
        _check_rules(change, actor)
    except NotPermitted as exc:
        deciding.refuse(change, actor, exc)


def _check_reviewer(glass: BreakGlass, user: User) -> None:
    require(user, Verb.DECIDE)
    if user.is_service_account:
        raise NotPermitted("A service account cannot review: it is a person's judgement.")
    if user.pk == glass.actor_id:
        raise NotPermitted("You passed this gate, so another operator has to review it.")
    if user.pk in glass.change.contributor_ids:
        raise NotPermitted("You took part in this change, so another operator has to review it.")


def _check_may_review(glass: BreakGlass, actor: User) -> None:
    try:
        _check_reviewer(glass, actor)
    except NotPermitted as exc:
        deciding.refuse(glass.change, actor, exc)


def _checked(text: str, path: str, what: str, shortest: int) -> str:
    said = text.strip()
    if len(said) < shortest:
        least = f": at least {shortest} characters" if shortest > 1 else ""
        raise ValidationFailed.at(path, f"{what}{least}.", "required")
    return said


def _passed_policies(change: ChangeRequest) -> list[str]:
    """Policies that refuse what is sealed, and all of which admit an emergency. The seal holds them to be
    those of now. Raises PolicyDenied for one that does not admit it."""
    sealed = change.release.verdicts if change.release else []
    blocking = [verdict for verdict in sealed if verdict["outcome"] in ("deny", "error")]
    if not blocking:
        return []
    admitting = {policy.name for policy in bundle.current().policies if admits(policy)}
    if not change.emergency or any(
        verdict["outcome"] != "deny" or verdict["policy"] not in admitting for verdict in blocking
    ):
        raise PolicyDenied(
            "Policy refuses it and admits no emergency, so the gate cannot be passed.", verdicts=blocking
        )
    return sorted({verdict["policy"] for verdict in blocking})


def _break(change: ChangeRequest, actor: User, reason: str, policies: list[str]) -> BreakGlass:
    now = clock.now()
    due = now + timedelta(hours=change.environment.review_within_hours)
    waited = change.state == ChangeState.AWAITING_APPROVAL
    _release(change, now)
    try:
        with transaction.atomic():
            glass = BreakGlass.objects.create(
                change=change,
                actor=actor,
                reason=reason,
                digest=change.seal,
                at=now,
                policies=policies,
                review_due_at=due,
            )
    except IntegrityError as exc:
        raise StateConflict("Somebody has passed this gate already.") from exc
    after = {"digest": change.seal, "policies": policies, "review_due_at": due.isoformat()}
    record("gate.passed", change, actor=actor, after=after, comment=reason)
    if waited:
        record("change.queued", change, actor=None)
    return glass


def _release(change: ChangeRequest, now: datetime) -> None:
    """Make it due, if it still waits with the same seal; of any number of people at once one gets here."""
    rows, where = ChangeRequest.objects.all(), {"seal": change.seal}
    if change.state == ChangeState.AWAITING_APPROVAL:
        CHANGES.move(
            rows,
            pk=change.pk,
            old=ChangeState.AWAITING_APPROVAL,
            new=ChangeState.QUEUED,
            where={**where, "expires_at__gt": now},
            decided_at=now,
            run_after=now,
            expires_at=None,
            held="",
        )
        return
    held = rows.filter(pk=change.pk, state=ChangeState.QUEUED, **where).exclude(held="")
    if not held.update(run_after=now, held=""):
        raise StateConflict(TOO_LATE)
