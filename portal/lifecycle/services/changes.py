"""Opening and withdrawing changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import NoReturn

from django.db import IntegrityError, transaction

from portal.accounts.models import User
from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.audit.recording import record
from portal.core import clock
from portal.core.errors import (
    ChangeUnderWay,
    IdempotencyKeyReused,
    PolicyDenied,
    SlipwayError,
    StateConflict,
    ValidationFailed,
)
from portal.lifecycle import tasks
from portal.lifecycle.models import ChangeRequest, IdempotencyRecord, Remedy, ServiceInstance
from portal.lifecycle.operations import announcing, contributors, seals
from portal.lifecycle.operations.abandoning import abandon
from portal.lifecycle.operations.drafting import Draft
from portal.lifecycle.operations.risk import NO_RISK, assess
from portal.lifecycle.operations.wish import Wish
from portal.lifecycle.selectors import bundle
from portal.lifecycle.services import superseding
from portal.lifecycle.services.previews import preview
from portal.lifecycle.services.quotas import refuse_quota
from portal.lifecycle.services.sealing import asked, facts, seal
from portal.lifecycle.states import CHANGES, ChangeKind, ChangeState, Health, Phase
from portal.policy.emergencies import passable


@dataclass(frozen=True)
class Opened:
    """A change, and whether this very call created it (False: the Idempotency-Key had been used for it
    before)."""

    change: ChangeRequest
    created: bool


def open_change(wish: Wish, *, idempotency_key: str | None = None, fingerprint: str = "") -> Opened:
    """Judge a wish, seal its release, and queue it or let it wait at the gate.

    Raises ValidationFailed, OutOfScope, QuotaExceeded, PolicyDenied (after recording the denied change),
    ChangeUnderWay, IdempotencyKeyReused.
    """
    if idempotency_key and (earlier := replay(wish.actor, idempotency_key, fingerprint)):
        return Opened(earlier, created=False)
    try:
        return Opened(_judge_and_open(wish, idempotency_key, fingerprint), created=True)
    except PolicyDenied:
        raise
    except (SlipwayError, IntegrityError) as exc:
        # the same request, sent twice in one moment: the other was quicker, and is what stands in the way
        if idempotency_key and (earlier := replay(wish.actor, idempotency_key, fingerprint)):
            return Opened(earlier, created=False)
        if isinstance(exc, IntegrityError):
            raise ChangeUnderWay from exc
        raise


def _judge_and_open(wish: Wish, idempotency_key: str | None, fingerprint: str) -> ChangeRequest:
    """Raises IntegrityError when the key, or the instance, was taken in this very moment."""
    if wish.instance is not None:
        superseding.in_the_way(wish.instance, yields=wish.yields)
    draft = preview(wish)
    if draft.errors:
        raise ValidationFailed(draft.errors)
    if draft.problems:
        raise draft.refusal
    emergency = not draft.judgement.allowed and _may_pass_in_emergency(draft)
    if not draft.judgement.allowed and not emergency:
        _deny(draft, idempotency_key, fingerprint)
    if draft.quota_exceeded:
        refuse_quota(draft)
    return _open(draft, idempotency_key, fingerprint, emergency)


def replay(actor: User, key: str, fingerprint: str) -> ChangeRequest | None:
    """The change that this person's key was used for before.

    Raises IdempotencyKeyReused for another body, and PolicyDenied again for what was denied then.
    """
    earlier = IdempotencyRecord.objects.filter(user=actor, key=key).select_related("change").first()
    if earlier is None:
        return None
    if earlier.fingerprint != fingerprint:
        raise IdempotencyKeyReused
    if earlier.change.state == ChangeState.DENIED:
        raise _denial(earlier.change)
    return earlier.change


def _remember(change: ChangeRequest, key: str | None, fingerprint: str) -> None:
    if key:
        user = change.requested_by
        IdempotencyRecord.objects.create(user=user, key=key, fingerprint=fingerprint, change=change)


@transaction.atomic
def _open(draft: Draft, idempotency_key: str | None, fingerprint: str, emergency: bool) -> ChangeRequest:
    wish, now = draft.wish, clock.now()
    replaced = superseding.in_the_way(wish.instance, yields=wish.yields) if wish.instance else None
    if replaced is not None:
        superseding.supersede(replaced, actor=wish.actor)
    instance = _still_alive(wish.instance) or ServiceInstance.objects.create(
        application=wish.application,
        environment=wish.environment,
        offering=wish.offering,
        name=wish.name,
        created_by=wish.actor,
        health=Health.WAITING,
        health_since=now,
    )
    release = seal(draft, instance)
    base, proven = wish.base, _is_proven(wish)
    waits = emergency or not wish.environment.gate.is_open(proven=proven)
    risk = assess(draft, emergency=emergency) if waits else NO_RISK
    change = ChangeRequest.objects.create(
        kind=wish.kind,
        state=ChangeState.AWAITING_APPROVAL if waits else ChangeState.QUEUED,
        application=wish.application,
        environment=wish.environment,
        offering=wish.offering,
        name=wish.name,
        instance=instance,
        release=release,
        base_release=base,
        requested_by=wish.actor,
        reason=wish.reason,
        seal=release.digest if release else seals.retirement_seal(instance, base),
        proven=proven,
        emergency=emergency,
        risk=risk.score,
        risk_reasons=risk.reasons,
        created_at=now,
        decided_at=None if waits else now,
        run_after=None if waits else now,
        evidence_asked_at=now if waits else None,
        expires_at=now + timedelta(hours=wish.environment.changes_expire_after_hours) if waits else None,
    )
    _remember_contributors(change, contributors.of(wish))
    if replaced is not None:
        ChangeRequest.objects.filter(pk=replaced.pk).update(superseded_by=change)
    if wish.cure is not None:
        Remedy.objects.create(change=change, does=wish.cure.does, items=list(wish.cure.items))
    _remember(change, idempotency_key, fingerprint)
    record(
        "change.requested",
        change,
        actor=wish.actor,
        before=facts(base),
        after=asked(wish, release),
        comment=wish.reason,
    )
    if waits:
        announcing.waits(change)
        transaction.on_commit(lambda: tasks.wake_evidence(change.pk))
    else:
        record("change.queued", change, actor=None)
        transaction.on_commit(lambda: tasks.wake(change.pk))
    return change


def _remember_contributors(change: ChangeRequest, people: set[int]) -> None:
    """In one statement: a new change has none yet."""
    through = ChangeRequest.contributors.through
    through.objects.bulk_create([through(changerequest_id=change.pk, user_id=pk) for pk in sorted(people)])


def _still_alive(instance: ServiceInstance | None) -> ServiceInstance | None:
    """The instance, kept from being retired meanwhile: what was only wished for goes with its last wish.

    After the change that it waits on, so that locks are always taken in this order.
    """
    if instance is not None and not (
        ServiceInstance.objects.select_for_update().filter(pk=instance.pk, retired_at=None).exists()
    ):
        raise StateConflict("It was retired, or never came to be, in this very moment. Ask again.")
    return instance


def _may_pass_in_emergency(draft: Draft) -> bool:
    """Whether it was asked for as an emergency, and each policy that refuses it admits one."""
    wish = draft.wish
    return wish.emergency and wish.environment.is_gated and bool(passable(bundle.current(), draft.judgement))


def _is_proven(wish: Wish) -> bool:
    """Whether it goes back to what has run here before, and worked."""
    return (
        wish.goes_back
        and wish.instance is not None
        and wish.instance.changes.filter(release=wish.source, state=ChangeState.SUCCEEDED).exists()
    )


def _deny(draft: Draft, idempotency_key: str | None, fingerprint: str) -> NoReturn:
    """Keep the denied request with its verdicts, then refuse it. Nothing else is made."""
    wish, now = draft.wish, clock.now()
    verdicts = [verdict.as_dict() for verdict in draft.verdicts]
    with transaction.atomic():
        change = ChangeRequest.objects.create(
            kind=wish.kind,
            state=ChangeState.DENIED,
            application=wish.application,
            environment=wish.environment,
            offering=wish.offering,
            name=wish.name,
            instance=wish.instance,
            base_release=wish.base,
            requested_by=wish.actor,
            reason=wish.reason,
            verdicts=verdicts,
            seal="",
            created_at=now,
            finished_at=now,
            outcome=_denied_by(draft.denied),
        )
        rules = sorted({verdict.policy for verdict in draft.verdicts if verdict.blocks})
        record("change.denied", change, actor=wish.actor, after={"policies": rules}, comment=wish.reason)
        _remember(change, idempotency_key, fingerprint)
    raise _denial(change)


def _denied_by(count: int) -> str:
    return "Denied: one policy rule refuses it." if count == 1 else f"Denied: {count} policy rules refuse it."


def _denial(change: ChangeRequest) -> PolicyDenied:
    blocking = [verdict for verdict in change.verdicts if verdict["outcome"] in ("deny", "error")]
    return PolicyDenied(change=change.pk, verdicts=blocking)


def cancel(change: ChangeRequest, *, actor: User, comment: str = "") -> None:
    """Withdraw a change, or stop one that runs: a worker then ends what helm does and brings back what ran
    before, so that it is still running when this returns. Raises NotPermitted, StateConflict."""
    require(actor, Verb.CANCEL, change.team_id)
    if change.state == ChangeState.RUNNING:
        _ask_to_stop(change, actor, comment)
    else:
        _withdraw(change, actor, comment)
    change.refresh_from_db()


def _withdraw(change: ChangeRequest, actor: User, comment: str) -> None:
    state = ChangeState(change.state)
    if not CHANGES.allows(state, ChangeState.CANCELLED):
        raise StateConflict("It is too late to cancel: it has ended.")
    with transaction.atomic():
        CHANGES.move(
            ChangeRequest.objects.all(),
            pk=change.pk,
            old=state,
            new=ChangeState.CANCELLED,
            run_after=None,
            finished_at=clock.now(),
            outcome=f"Cancelled by {actor}." + (f" {comment}" if comment else ""),
        )
        abandon(change)
        record("change.cancelled", change, actor=actor, comment=comment)
        announcing.ended(change, "change.cancelled", f"cancelled by {actor}. {comment}", actor=actor)


def _ask_to_stop(change: ChangeRequest, actor: User, comment: str) -> None:
    if change.kind == ChangeKind.RETIRE:
        raise StateConflict("Its objects are being removed, which cannot be stopped half way.")
    now = clock.now()
    with transaction.atomic():
        asked = ChangeRequest.objects.filter(
            pk=change.pk, state=ChangeState.RUNNING, cancel_asked_at=None
        ).exclude(phase=Phase.REVERTING)
        if not asked.update(
            cancel_asked_at=now, cancel_asked_by=actor, cancel_comment=comment, run_after=now
        ):
            raise StateConflict("It ends already, or goes back to what ran before. Reload to see.")
        record("change.stop_asked", change, actor=actor, comment=comment)
        transaction.on_commit(lambda: tasks.wake(change.pk))
