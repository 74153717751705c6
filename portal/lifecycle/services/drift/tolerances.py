"""Letting some drift be until a date, with a reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from portal.accounts.models import User
from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.audit.recording import record
from portal.core import clock
from portal.core.errors import NotPermitted, StateConflict, ValidationFailed
from portal.core.objects import ObjectKey
from portal.lifecycle.models import DriftTolerance, ServiceInstance
from portal.lifecycle.operations.drift import counting

LONGEST = timedelta(days=90)


@dataclass(frozen=True)
class Tolerated:
    """A tolerance, and whether this very call made it (False: the same had been said before)."""

    tolerance: DriftTolerance
    created: bool


def tolerate(
    instance: ServiceInstance,
    key: ObjectKey,
    path: str,
    *,
    until: datetime,
    reason: str,
    actor: User,
) -> Tolerated:
    """Let what differs at `path` of an object, and below it, be until a date; "" is the whole object.

    It holds nothing in place: the next change of the instance brings back what its release says. Raises
    NotPermitted, ValidationFailed (with all errors), StateConflict.
    """
    check_may(instance, actor)
    now, reason = clock.now(), reason.strip()[:2000]
    _check(until, reason, now)
    until = until.replace(microsecond=0)
    place = {**_columns(key), "path": path}
    with transaction.atomic():
        if not ServiceInstance.objects.select_for_update().filter(pk=instance.pk, retired_at=None).exists():
            raise StateConflict(f"{instance} is retired.")
        standing = DriftTolerance.objects.live_at(now).filter(instance=instance, **place).first()
        if standing is not None:
            return Tolerated(_same(standing, until, reason), created=False)
        tolerance = DriftTolerance(
            instance=instance, **place, reason=reason, until=until, created_by=actor, created_at=now
        )
        _check_covers(instance, tolerance)
        tolerance.save(force_insert=True)
        counting.recount(instance.pk)
        record("drift.tolerated", instance, actor=actor, after=facts(tolerance), comment=reason)
    return Tolerated(tolerance, created=True)


def withdraw(tolerance: DriftTolerance, *, actor: User, comment: str = "") -> None:
    """End it now; what it covered counts as drift again. Ended already is fine. Raises NotPermitted."""
    check_may(tolerance.instance, actor)
    with transaction.atomic():
        rows = DriftTolerance.objects.filter(pk=tolerance.pk, ended_at=None)
        if rows.update(ended_at=clock.now(), ended_by=actor):
            counting.recount(tolerance.instance_id)
            before = facts(tolerance)
            record(
                "drift.tolerance_ended",
                tolerance.instance,
                actor=actor,
                before=before,
                comment=comment.strip(),
            )
    tolerance.refresh_from_db()


def check_may(instance: ServiceInstance, user: User) -> None:
    """Raise NotPermitted unless `user` may say what is let be here: where there is a gate those who decide at
    it, elsewhere the team and operators."""
    if instance.environment.is_gated:
        instance.environment.gate.check_may_decide(user, requester=0, contributors=())
    elif not user.is_active or not user.access.may(Verb.DECIDE):
        require(user, Verb.REQUEST, instance.team_id)


def why_may_not(instance: ServiceInstance, user: User) -> str | None:
    """The reason why `user` may not, for a page to show; None when they may."""
    try:
        check_may(instance, user)
    except NotPermitted as exc:
        return exc.message
    return None


def facts(tolerance: DriftTolerance) -> dict[str, Any]:
    """What the audit trail keeps of it."""
    return {
        "tolerance": tolerance.pk,
        "object": str(tolerance.key),
        "path": tolerance.path,
        "until": tolerance.until.isoformat(),
    }


def _check(until: datetime, reason: str, now: datetime) -> None:
    errors = []
    if not reason:
        said = "Say why it may stay, and what will be done about it."
        errors.append({"path": "/reason", "message": said, "code": "required"})
    if until <= now:
        errors.append({"path": "/until", "message": "Choose a time in the future.", "code": "past"})
    elif until > now + LONGEST:
        said = f"Drift is tolerated for {LONGEST.days} days at the most. Revert it, or adopt it."
        errors.append({"path": "/until", "message": said, "code": "too_long"})
    if errors:
        raise ValidationFailed(errors)


def _check_covers(instance: ServiceInstance, tolerance: DriftTolerance) -> None:
    """Only what has drifted can be let be, so that nobody excuses what nobody has seen."""
    items = instance.drift_items.current().filter(**_columns(tolerance.key))
    if not any(tolerance.covers(item) for item in items):
        said = (
            "Nothing there differs from what was sealed, so there is nothing to tolerate. Scan again first."
        )
        raise ValidationFailed.at("/path", said, "no_drift")


def _same(standing: DriftTolerance, until: datetime, reason: str) -> DriftTolerance:
    if (standing.until, standing.reason) != (until, reason):
        raise StateConflict(
            f"It is tolerated until {standing.until:%Y-%m-%d %H:%M} UTC already. To change that, end the "
            f"tolerance ({standing.pk}) first."
        )
    return standing


def _columns(key: ObjectKey) -> dict[str, str]:
    return {
        "api_version": key.api_version,
        "kind": key.kind,
        "namespace": key.namespace,
        "name": key.name,
    }
