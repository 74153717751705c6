"""Putting a version, or a whole offering, on its way out: since when, until when, why, and what instead.

Who runs it is told by a beat that finds what is untold (portal/lifecycle/operations/deprecations.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from django.db import transaction

from portal.accounts.models import User
from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.audit.recording import record
from portal.core import clock
from portal.core.errors import StateConflict, ValidationFailed
from services_catalog.models import Offering, OfferingVersion
from services_catalog.models.deprecation import today

Subject = Offering | OfferingVersion
ACTIVE, DEPRECATED = "active", "deprecated"
LONGEST_MESSAGE = 500


def deprecate(subject: Subject, *, actor: User, data: Mapping[str, Any]) -> None:
    """Nothing new is made of it any more; what runs keeps running, and its owners are told.

    `data`: message; retires_on (a date or None): from that day on nothing is changed to it or within it;
    successor (a version of the offering, or an offering's slug). Saying it again changes what was said.
    Raises NotPermitted, ValidationFailed with all errors, StateConflict for a draft or what has retired.
    """
    require(actor, Verb.CURATE)
    if state_of(subject) not in (ACTIVE, DEPRECATED):
        raise StateConflict(f"{subject} is {state_of(subject)}, so it cannot be deprecated.")
    errors: list[dict[str, str]] = []
    said = {
        "deprecation_message": _message(data, errors),
        "retires_on": _retires_on(data, errors),
        "successor": _successor(subject, data, errors),
    }
    if errors:
        raise ValidationFailed(errors)
    with transaction.atomic():
        before = facts(subject)
        since = subject.deprecated_at or clock.now()
        _write(subject, DEPRECATED, **said, deprecated_at=since, deprecated_by=actor, notices_told=0)
        action = "offering.deprecated" if isinstance(subject, Offering) else "version.deprecated"
        record(action, subject, actor=actor, before=before, after=facts(subject))


def lift(subject: Subject, *, actor: User, comment: str = "") -> None:
    """Take it back: it may be requested again. Raises NotPermitted, StateConflict."""
    require(actor, Verb.CURATE)
    if state_of(subject) != DEPRECATED:
        raise StateConflict(f"{subject} is not deprecated. Reload to see how it stands.")
    with transaction.atomic():
        before = facts(subject)
        _write(subject, ACTIVE, **NOTHING_SAID, deprecated_by=None)
        is_offering = isinstance(subject, Offering)
        action = "offering.deprecation_lifted" if is_offering else "version.deprecation_lifted"
        record(action, subject, actor=actor, before=before, comment=comment)


NOTHING_SAID: Mapping[str, Any] = {
    "deprecated_at": None,
    "retires_on": None,
    "deprecation_message": "",
    "successor": None,
    "notices_told": 0,
}


def state_of(subject: Subject) -> str:
    return subject.lifecycle if isinstance(subject, Offering) else subject.status


def facts(subject: Subject) -> dict[str, Any]:
    """What the audit trail says of it."""
    return {
        "state": state_of(subject),
        "retires_on": subject.retires_on.isoformat() if subject.retires_on else None,
        "message": subject.deprecation_message,
        "successor": str(subject.successor) if subject.successor else None,
    }


def of_offering(existing: Offering | None, state: str, said: Mapping[str, Any] | None) -> dict[str, Any]:
    """The fields of an offering's row as its file wants them; `said` is the file's `deprecation`."""
    return _from_file(existing, "lifecycle", state, said)


def of_version(
    existing: OfferingVersion | None, state: str, said: Mapping[str, Any] | None
) -> dict[str, Any]:
    """As `of_offering`, of a version."""
    return _from_file(existing, "status", state, said)


def _from_file(
    existing: Subject | None, name: str, state: str, said: Mapping[str, Any] | None
) -> dict[str, Any]:
    """What was said in the portal stays as long as the file says nothing else. Successors are linked when
    all rows are there."""
    if state == ACTIVE:
        said_here = existing is not None and existing.deprecated_by_id and state_of(existing) == DEPRECATED
        return {name: DEPRECATED} if said_here else {**NOTHING_SAID, "deprecated_by": None}
    told = said or {}
    retires_on = date.fromisoformat(told["retires_on"]) if told.get("retires_on") else None
    same_day = existing is not None and existing.retires_on == retires_on
    return {
        "deprecated_at": _since(existing, told, state),
        "retires_on": retires_on,
        "deprecation_message": told.get("message", ""),
        "deprecated_by": None,
        "notices_told": existing.notices_told if existing is not None and same_day else 0,
        **({} if told.get("successor") else {"successor": None}),
    }


def _since(existing: Subject | None, told: Mapping[str, Any], state: str) -> datetime | None:
    if told.get("since"):
        return datetime.combine(date.fromisoformat(told["since"]), time(), UTC)
    known = existing.deprecated_at if existing is not None else None
    return known or (clock.now() if state == DEPRECATED else None)


def link(offering: Offering, said: Mapping[str, Any] | None, versions: Mapping[str, Any]) -> None:
    """Set the successors that a file names; `versions` has what is said of each. Raises ValidationFailed for
    an offering that there is not."""
    wanted = (said or {}).get("successor")
    if wanted:
        successor = Offering.objects.filter(slug=wanted).exclude(pk=offering.pk).first()
        if successor is None:
            message = f"{offering.slug}: there is no other offering {wanted}."
            raise ValidationFailed.at("/deprecation/successor", message, "unknown")
        Offering.objects.filter(pk=offering.pk).update(successor=successor)
    for number, told in versions.items():
        if told and told.get("successor"):
            rows = OfferingVersion.objects.filter(offering=offering)
            rows.filter(version=number).update(successor=rows.filter(version=told["successor"]).first())


def _write(subject: Subject, state: str, **values: Any) -> None:
    """Compare and swap: nobody else has moved it since it was read."""
    name = "lifecycle" if isinstance(subject, Offering) else "status"
    rows = type(subject)._default_manager.filter(pk=subject.pk, **{name: state_of(subject)})
    if not rows.update(**{name: state, **values}):
        raise StateConflict
    subject.refresh_from_db()


def _message(data: Mapping[str, Any], errors: list[dict[str, str]]) -> str:
    message = str(data.get("message") or "").strip()
    if not message:
        errors.append(_error("/message", "Say why, and what its owners are to do.", "required"))
    elif len(message) > LONGEST_MESSAGE:
        errors.append(_error("/message", f"Say it in {LONGEST_MESSAGE} characters.", "too_long"))
    return message


def _retires_on(data: Mapping[str, Any], errors: list[dict[str, str]]) -> date | None:
    day = data.get("retires_on")
    if day is None:
        return None
    if not isinstance(day, date):
        errors.append(_error("/retires_on", "Give a day, such as 2030-01-31."))
        return None
    if day <= today():
        errors.append(_error("/retires_on", "Its day has to lie in the future.", "too_early"))
    return day


def _successor(subject: Subject, data: Mapping[str, Any], errors: list[dict[str, str]]) -> Subject | None:
    wanted = str(data.get("successor") or "")
    if not wanted:
        return None
    found: Subject | None
    if isinstance(subject, Offering):
        found = Offering.objects.visible().filter(slug=wanted, lifecycle=ACTIVE).first()
        what = "offering"
    else:
        found = (
            OfferingVersion.objects.requestable().filter(offering=subject.offering_id, version=wanted).first()
        )
        what = "version of it"
    if found is None or found.pk == subject.pk:
        said = f"There is no other {what} {wanted[:60]!r} that may be requested."
        errors.append(_error("/successor", said, "unknown"))
        return None
    return found


def _error(path: str, message: str, code: str = "invalid") -> dict[str, str]:
    return {"path": path, "message": message, "code": code}
