"""Policy exceptions: asked for on a verdict, decided by a second person, ended on the second."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from portal.accounts.models import User
from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.audit.recording import record
from portal.core import clock, pointers
from portal.core.errors import NotPermitted, StateConflict, ValidationFailed
from portal.environments.models import Environment
from portal.lifecycle.models import Application, ChangeRequest, PolicyException, ServiceInstance
from portal.lifecycle.operations import stale, waivers
from portal.lifecycle.selectors import bundle
from portal.lifecycle.states import EXCEPTIONS, ExceptionState
from portal.policy import Verdict

SCOPES = ("object", "instance", "namespace")
EXCEPTABLE = ("deny", "error", "warn", "audit")


@dataclass(frozen=True)
class Place:
    """What was judged: the objects of one instance, which a denied change may never have made."""

    application: Application
    environment: Environment
    instance_name: str
    verdicts: tuple[Verdict, ...]
    change: ChangeRequest | None = None


def place_of_change(change: ChangeRequest) -> Place:
    stored = change.verdicts or (change.release.verdicts if change.release else [])
    verdicts = tuple(Verdict.from_dict(each) for each in stored)
    return Place(change.application, change.environment, change.name, verdicts, change)


def place_of_instance(instance: ServiceInstance) -> Place:
    """What is found in what runs now, else what was said of it when it was sealed."""
    verdicts = tuple(violation.as_verdict() for violation in instance.violations.all())
    if not verdicts and instance.current_release is not None:
        verdicts = tuple(Verdict.from_dict(each) for each in instance.current_release.verdicts)
    return Place(instance.application, instance.environment, instance.name, verdicts)


def request(actor: User, place: Place, data: Mapping[str, Any]) -> PolicyException:
    """Ask for an exception from the policy that `data` names.

    `data`: policy, reason, days; scope ("object", which is the usual one, "instance" or "namespace") with
    kind and name of the object where several were found; values_path with the value there, to narrow it to
    that value. Raises NotPermitted, ValidationFailed (with all errors), StateConflict.
    """
    require(actor, Verb.REQUEST, place.application.team_id)
    errors: list[dict[str, str]] = []
    verdict = _verdict(place, data, errors)
    scope = str(data.get("scope") or "object")
    if scope not in SCOPES:
        errors.append(_error("/scope", f"Must be one of {', '.join(SCOPES)}."))
    reason = str(data.get("reason") or "").strip()
    if not reason:
        errors.append(_error("/reason", "Say why, and what will be done about it.", "required"))
    days = _days(data.get("days"), _severity(place, data), errors)
    path, digest = _value(data, scope, errors)
    if errors or verdict is None:
        raise ValidationFailed(errors)
    now = clock.now()
    wanted = PolicyException(
        policy=verdict.policy,
        severity=verdict.severity,
        application=place.application,
        environment=place.environment,
        instance_name="" if scope == "namespace" else place.instance_name,
        object_kind=verdict.key.kind if scope == "object" else "",
        object_name=verdict.key.name if scope == "object" else "",
        values_path=path,
        values_digest=digest,
        message=verdict.message,
        reason=reason[:4000],
        change=place.change,
        requested_by=actor,
        requested_at=now,
        expires_at=now.replace(microsecond=0) + timedelta(days=days),
    )
    _refuse_second(wanted, now)
    with transaction.atomic():
        wanted.save(force_insert=True)
        record("exception.requested", wanted, actor=actor, after=facts(wanted), comment=reason)
    return wanted


def grant(
    exception: PolicyException, *, actor: User, comment: str = "", expires_at: datetime | None = None
) -> None:
    """Let it count until its end; `expires_at` may bring the end nearer.

    Raises NotPermitted (the attempt is audited), StateConflict, ValidationFailed.
    """
    _check_may_decide(exception, actor)
    now = clock.now()
    if exception.expires_at <= now:
        raise StateConflict("Its end has passed while it waited. Ask for it again.")
    end = min(exception.expires_at, expires_at or exception.expires_at).replace(microsecond=0)
    if end <= now:
        raise ValidationFailed.at("/expires_at", "Its end has to lie in the future.")
    with transaction.atomic():
        _move(
            exception,
            ExceptionState.GRANTED,
            decided_by=actor,
            decided_at=now,
            comment=comment.strip(),
            expires_at=end,
        )
        record("exception.granted", exception, actor=actor, after=facts(exception), comment=comment)
        stale.mark(exception)


def reject(exception: PolicyException, *, actor: User, comment: str) -> None:
    """Refuse it; the reason is required. Raises as `grant`."""
    _check_may_decide(exception, actor)
    _needs_reason(comment)
    with transaction.atomic():
        _move(
            exception,
            ExceptionState.REJECTED,
            decided_by=actor,
            decided_at=clock.now(),
            comment=comment.strip(),
        )
        record("exception.rejected", exception, actor=actor, comment=comment)


def withdraw(exception: PolicyException, *, actor: User, comment: str = "") -> None:
    """Take one's request back, while nobody has decided it. Raises NotPermitted, StateConflict."""
    require(actor, Verb.REQUEST, exception.team_id)
    with transaction.atomic():
        _move(exception, ExceptionState.WITHDRAWN, ended_by=actor, ended_at=clock.now())
        record("exception.withdrawn", exception, actor=actor, comment=comment)


def revoke(exception: PolicyException, *, actor: User, comment: str) -> None:
    """End a granted one now. The team that has it may, and whoever may decide; the reason is required.

    Raises NotPermitted, StateConflict, ValidationFailed.
    """
    if not actor.access.may(Verb.REQUEST, exception.team_id):
        require(actor, Verb.WAIVE)
    _needs_reason(comment)
    with transaction.atomic():
        values = {"ended_by": actor, "ended_at": clock.now(), "end_reason": comment.strip()}
        _move(exception, ExceptionState.REVOKED, **values)
        record("exception.revoked", exception, actor=actor, comment=comment)
        stale.mark(exception)


def why_may_not_decide(exception: PolicyException, user: User) -> str | None:
    """The reason why `user` may not decide it now, for a page to show; None when they may."""
    try:
        check_may_decide(exception, user)
    except NotPermitted as exc:
        return exc.message
    return None if exception.state == ExceptionState.REQUESTED else "It does not wait for a decision."


def check_may_decide(exception: PolicyException, user: User) -> None:
    """Raise NotPermitted unless `user` may decide on exceptions and had no part in this one."""
    require(user, Verb.WAIVE)
    if user.is_service_account:
        raise NotPermitted("A service account cannot decide: an exception is a person's decision.")
    if user.pk in exception.contributors:
        raise NotPermitted("You asked for this yourself, so somebody else has to decide it.")


def facts(exception: PolicyException) -> dict[str, Any]:
    """What the audit trail keeps of it."""
    return {
        "policy": exception.policy,
        "scope": exception.scope,
        "severity": exception.severity,
        "expires_at": exception.expires_at.isoformat(),
    }


def longest_days(severity: str) -> int:
    """How many days an exception from a policy of this severity may last."""
    return int(settings.SLIPWAY_EXCEPTION_DAYS[severity])


def _check_may_decide(exception: PolicyException, actor: User) -> None:
    try:
        check_may_decide(exception, actor)
    except NotPermitted as exc:
        record("decision.refused", exception, actor=actor, after={"reason": exc.message})
        raise


def _verdict(place: Place, data: Mapping[str, Any], errors: list[dict[str, str]]) -> Verdict | None:
    """The finding that it is about: of the named policy and, where several objects have it, the named one."""
    policy = str(data.get("policy") or "")
    if all(known.name != policy for known in bundle.current().policies):
        errors.append(_error("/policy", f"There is no policy {policy[:100]!r}.", "unknown"))
        return None
    found = [v for v in place.verdicts if v.policy == policy and v.outcome in EXCEPTABLE]
    if not found:
        said = f"{policy} finds nothing wrong here, so there is nothing to be excepted from."
        errors.append(_error("/policy", said, "nothing_found"))
        return None
    kind, name = data.get("kind") or "", data.get("name") or ""
    named = [v for v in found if kind in ("", v.key.kind) and name in ("", v.key.name)]
    objects = sorted({str(v.key) for v in found})
    if not named:
        errors.append(_error("/name", f"Found in: {', '.join(objects)}.", "unknown"))
    elif len({v.key for v in named}) > 1 and data.get("scope", "object") == "object":
        errors.append(_error("/name", f"Say for which object: {', '.join(objects)}.", "required"))
    return named[0] if named else None


def _severity(place: Place, data: Mapping[str, Any]) -> str | None:
    """Of the named policy, where it finds anything: also when it is not said yet in which object."""
    return next((v.severity for v in place.verdicts if v.policy == data.get("policy")), None)


def _days(value: Any, severity: str | None, errors: list[dict[str, str]]) -> int:
    if isinstance(value, bool) or not str(value or "").isdigit() or not 1 <= int(value) <= 10_000:
        errors.append(_error("/days", "Say for how many days, a whole number from 1.", "required"))
        return 0
    if severity is not None and int(value) > longest_days(severity):
        limit = longest_days(severity)
        said = f"An exception from a policy of {severity} severity lasts {limit} days at the most."
        errors.append(_error("/days", said, "too_long"))
    return int(value)


def _value(data: Mapping[str, Any], scope: str, errors: list[dict[str, str]]) -> tuple[str, str]:
    path = data.get("values_path") or ""
    if not path:
        return "", ""
    try:
        pointers.parse(str(path))
    except ValueError as exc:
        errors.append(_error("/values_path", str(exc)))
    if "value" not in data:
        errors.append(_error("/value", "Give the value there: the exception holds for it only.", "required"))
    if scope == "namespace":
        errors.append(_error("/scope", "Values belong to an instance: choose instance or object."))
    return str(path)[:200], waivers.value_digest(data.get("value"))


def _refuse_second(wanted: PolicyException, now: datetime) -> None:
    """One at a time for the same thing: a longer one is asked for when the first has ended, or is revoked."""
    scope = ("policy", "application", "environment", "instance_name", "object_kind", "object_name")
    same = PolicyException.objects.filter(
        **{name: getattr(wanted, name) for name in (*scope, "values_path", "values_digest")}
    )
    standing = same.waiting().first() or same.honoured_at(now + timedelta(days=7)).first()
    if standing is not None:
        raise StateConflict(f"There is {standing} already ({standing.get_state_display().lower()}).")


def _move(exception: PolicyException, new: ExceptionState, **values: Any) -> None:
    rows = PolicyException.objects.all()
    EXCEPTIONS.move(rows, pk=exception.pk, old=ExceptionState(exception.state), new=new, **values)
    exception.refresh_from_db()


def _needs_reason(comment: str) -> None:
    if not comment.strip():
        raise ValidationFailed.at("/comment", "Say why, so that it can be understood later.", "required")


def _error(path: str, message: str, code: str = "invalid") -> dict[str, str]:
    return {"path": path, "message": message, "code": code}
