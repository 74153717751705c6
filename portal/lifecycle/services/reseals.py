"""A waiting change is sealed anew: the same wish, under the policies, exceptions and chart of now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction

from portal.accounts.models import User
from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.audit.recording import record
from portal.core import clock
from portal.core.errors import PolicyDenied, ReleaseChanged, StateConflict, ValidationFailed
from portal.lifecycle import tasks
from portal.lifecycle.models import ChangeRequest, Release, Remedy, ServiceInstance
from portal.lifecycle.operations import announcing, contributors, seals
from portal.lifecycle.operations.drafting import Draft
from portal.lifecycle.operations.risk import assess
from portal.lifecycle.operations.wish import Wish
from portal.lifecycle.selectors import bundle
from portal.lifecycle.services.previews import preview
from portal.lifecycle.services.quotas import refuse_quota
from portal.lifecycle.services.sealing import facts, seal
from portal.lifecycle.states import ChangeKind, ChangeState
from portal.policy.emergencies import passable

SAME = (
    "Nothing it is made of has changed, so it would be sealed as it is. To ask for something else, open a "
    "new request: it takes the place of this one."
)


@dataclass(frozen=True)
class _Sealed:
    """What the change binds to from now on."""

    release: Release | None
    seal: str


def reseal(change: ChangeRequest, *, actor: User) -> ChangeRequest:
    """Draft the same wish again and let the change wait with the new release. Consents to the old one, and
    wishes for a change of it, count no longer; evidence is gathered anew; `actor` has a part in it now.

    Raises NotPermitted, StateConflict (it waits no more, or nothing has changed), ReleaseChanged (somebody
    else has just sealed it), and as `open_change` ValidationFailed, OutOfScope, PolicyDenied, QuotaExceeded.
    Whatever is raised, nothing has changed.
    """
    require(actor, Verb.REQUEST, change.team_id)
    if change.state != ChangeState.AWAITING_APPROVAL:
        raise StateConflict("It no longer waits for a decision, so it stays as it was sealed.")
    wish = wish_of(change, actor)
    draft = preview(wish)
    emergency = _check(change, draft)
    with transaction.atomic():
        _touch(change)
        sealed = _seal(draft, change.subject)
        if sealed.seal == change.seal:
            raise StateConflict(SAME)
        _write(change, draft, sealed, emergency)
        transaction.on_commit(lambda: tasks.wake_evidence(change.pk))
    return ChangeRequest.objects.for_detail().get(pk=change.pk)


def wish_of(change: ChangeRequest, actor: User) -> Wish:
    """What was asked for, as `actor`'s wish of now. Raises ValidationFailed for a version that is not on
    offer any more."""
    release, instance = change.release, change.subject
    kind = ChangeKind(change.kind)
    common: dict[str, Any] = {
        "kind": kind,
        "actor": actor,
        "application": change.application,
        "environment": change.environment,
        "offering": change.offering,
        "name": change.name,
        "instance": instance,
        "reason": change.reason,
        "emergency": change.emergency,
    }
    if release is None:
        return Wish(**common)
    _check_on_offer(kind, release)
    return Wish(
        **common,
        version=release.offering_version,
        plan=release.plan,
        inputs=release.inputs,
        again=release,
        source=_source(change, release),
    )


def _source(change: ChangeRequest, release: Release) -> Release | None:
    """What a promotion carries on; what is gone back to has the values and the chart that were sealed."""
    if change.kind == ChangeKind.PROMOTE:
        return release.promoted_from
    reverts = Remedy.objects.filter(change=change, does=Remedy.Does.REVERT)
    goes_back = change.kind == ChangeKind.ROLLBACK or reverts.exists()
    return release if goes_back else None


def _check_on_offer(kind: ChangeKind, release: Release) -> None:
    if kind not in (ChangeKind.CREATE, ChangeKind.UPGRADE):
        return
    versions = release.offering_version.offering.versions
    rows = versions.requestable() if kind == ChangeKind.CREATE else versions.changeable()
    if not rows.filter(pk=release.offering_version_id).exists():
        version = release.offering_version
        said = f"{version.offering} {version.version} is not on offer any more. Ask for another version."
        raise ValidationFailed.at("/version", said, "not_offered")


def _check(change: ChangeRequest, draft: Draft) -> bool:
    """Raise what `open_change` would; whether policy refuses it and only an emergency passes it."""
    if draft.errors:
        raise ValidationFailed(draft.errors)
    if draft.problems:
        raise draft.refusal
    emergency = False
    if not draft.judgement.allowed:
        emergency = change.emergency and bool(passable(bundle.current(), draft.judgement))
        if not emergency:
            blocking = [verdict.as_dict() for verdict in draft.verdicts if verdict.blocks]
            raise PolicyDenied(change=change.pk, verdicts=blocking)
    if draft.quota_exceeded:
        refuse_quota(draft)
    return emergency


def _touch(change: ChangeRequest) -> None:
    """Hold the row, if it waits as it was looked at: a decision of this moment comes before or after."""
    waiting = ChangeRequest.objects.filter(
        pk=change.pk, state=ChangeState.AWAITING_APPROVAL, expires_at__gt=clock.now()
    )
    if not waiting.update(state=ChangeState.AWAITING_APPROVAL):
        raise StateConflict("It no longer waits for a decision, so it stays as it was sealed.")
    if not waiting.filter(seal=change.seal).exists():
        raise ReleaseChanged("Somebody else has just sealed it anew. Reload to see what waits now.")


def _seal(draft: Draft, instance: ServiceInstance) -> _Sealed:
    release = seal(draft, instance)
    return _Sealed(release, release.digest if release else seals.retirement_seal(instance, draft.wish.base))


def _write(change: ChangeRequest, draft: Draft, sealed: _Sealed, emergency: bool) -> None:
    old, actor = change.release, draft.wish.actor
    risk = assess(draft, emergency=emergency)
    ChangeRequest.objects.filter(pk=change.pk).update(
        release=sealed.release,
        seal=sealed.seal,
        base_release=draft.wish.base,
        emergency=emergency,
        risk=risk.score,
        risk_reasons=risk.reasons,
        evidence_asked_at=clock.now(),
    )
    change.contributors.add(*{actor.pk, *contributors.responsible_for({actor.pk})})
    differing = _differing(old, sealed.release)
    record(
        "change.resealed",
        change,
        actor=actor,
        before={"seal": change.seal, **(facts(old) or {})},
        after={"seal": sealed.seal, "differs": differing, **(facts(sealed.release) or {})},
    )
    change.release, change.seal, change.emergency = sealed.release, sealed.seal, emergency
    announcing.waits(change)


def _differing(old: Release | None, new: Release | None) -> list[str]:
    """Ingredients that are others than they were, by name."""
    before, after = (release.ingredients if release else {} for release in (old, new))
    return [name for name in seals.INGREDIENTS if before.get(name) != after.get(name)]
