"""Opening and withdrawing changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NoReturn

from django.db import IntegrityError, transaction
from django.db.models import Max

from portal.accounts.models import User
from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.audit.recording import record
from portal.core import clock
from portal.core.errors import (
    ChangeUnderWay,
    IdempotencyKeyReused,
    OutOfScope,
    PolicyDenied,
    QuotaExceeded,
    StateConflict,
    ValidationFailed,
)
from portal.lifecycle import tasks
from portal.lifecycle.models import ChangeRequest, IdempotencyRecord, Release, ServiceInstance
from portal.lifecycle.operations.abandoning import abandon
from portal.lifecycle.operations.drafting import Draft, Wish
from portal.lifecycle.operations.quota import to_json
from portal.lifecycle.services.previews import preview
from portal.lifecycle.states import CHANGES, ChangeKind, ChangeState, Health


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
    if wish.instance is not None and wish.instance.changes.active().exists():
        raise ChangeUnderWay
    draft = preview(wish)
    if draft.errors:
        raise ValidationFailed(draft.errors)
    if draft.problems:
        raise OutOfScope(" ".join(draft.problems), problems=draft.problems)
    if not draft.judgement.allowed:
        _deny(draft, idempotency_key, fingerprint)
    if draft.quota_exceeded:
        _refuse_quota(draft)
    try:
        change = _open(draft, idempotency_key, fingerprint)
    except IntegrityError as exc:
        if idempotency_key and (earlier := replay(wish.actor, idempotency_key, fingerprint)):
            return Opened(earlier, created=False)
        raise ChangeUnderWay from exc
    return Opened(change, created=True)


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
def _open(draft: Draft, idempotency_key: str | None, fingerprint: str) -> ChangeRequest:
    wish, now = draft.wish, clock.now()
    instance = wish.instance or ServiceInstance.objects.create(
        application=wish.application,
        environment=wish.environment,
        offering=wish.offering,
        name=wish.name,
        created_by=wish.actor,
        health=Health.WAITING,
        health_since=now,
    )
    release = _seal(draft, instance)
    base = wish.base
    open_gate = wish.environment.gate.is_open
    change = ChangeRequest.objects.create(
        kind=wish.kind,
        state=ChangeState.QUEUED if open_gate else ChangeState.AWAITING_APPROVAL,
        application=wish.application,
        environment=wish.environment,
        offering=wish.offering,
        name=wish.name,
        instance=instance,
        release=release,
        base_release=base,
        requested_by=wish.actor,
        reason=wish.reason,
        seal=release.digest if release else (base.digest if base else ""),
        created_at=now,
        decided_at=now if open_gate else None,
        run_after=now if open_gate else None,
        expires_at=None if open_gate else now + timedelta(hours=wish.environment.changes_expire_after_hours),
    )
    _remember(change, idempotency_key, fingerprint)
    record(
        "change.requested",
        change,
        actor=wish.actor,
        before=_facts(base),
        after=_facts(release),
        comment=wish.reason,
    )
    if open_gate:
        record("change.queued", change, actor=None)
        transaction.on_commit(lambda: tasks.wake(change.pk))
    return change


def _seal(draft: Draft, instance: ServiceInstance) -> Release | None:
    """The draft as an immutable release of `instance`; nothing for a retirement."""
    wish = draft.wish
    if wish.kind == ChangeKind.RETIRE or wish.version is None:
        return None
    number = (instance.releases.aggregate(n=Max("number"))["n"] or 0) + 1
    cluster = wish.environment.cluster
    release = Release(
        instance=instance,
        number=number,
        offering_version=wish.version,
        plan=wish.plan,
        chart_id=wish.version.chart_id,
        inputs=draft.sealed_inputs,
        values=draft.sealed_values,
        masked_values=draft.masked_values,
        objects_digest=draft.objects_digest,
        policy_digest=draft.policy_digest,
        target={
            "cluster": cluster.slug,
            "kube_version": cluster.version,
            "namespace": wish.target.namespace,
            "release": wish.target.release,
        },
        images=draft.images,
        objects_masked=draft.objects,
        usage=to_json(draft.usage),
        verdicts=[verdict.as_dict() for verdict in draft.verdicts],
        exceptions=list(draft.judgement.exceptions),
        promoted_from=wish.source if wish.kind == ChangeKind.PROMOTE else None,
        created_by=wish.actor,
    )
    release.save()
    return release


def _facts(release: Release | None) -> dict[str, Any] | None:
    if release is None:
        return None
    return {
        "release": release.digest,
        "version": release.offering_version.version,
        "plan": release.plan.slug if release.plan else None,
        "values": release.masked_values,
    }


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


def _refuse_quota(draft: Draft) -> NoReturn:
    lines = [vars(line) for line in draft.quota_exceeded]
    said = "; ".join(f"{line.resource} {line.after} of {line.hard}" for line in draft.quota_exceeded)
    raise QuotaExceeded(
        f"The namespace's quota has no room for this: {said}. Choose a smaller plan, or a larger namespace.",
        quota=lines,
    )


def cancel(change: ChangeRequest, *, actor: User, comment: str = "") -> None:
    """Withdraw a change that no worker has taken yet. Raises NotPermitted, StateConflict."""
    require(actor, Verb.CANCEL, change.team_id)
    state = ChangeState(change.state)
    if not CHANGES.allows(state, ChangeState.CANCELLED):
        raise StateConflict(
            "It is too late to cancel: " + ("a worker is on it." if change.is_active else "it has ended.")
        )
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
    change.refresh_from_db()
