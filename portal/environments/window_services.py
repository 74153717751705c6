"""Setting freezes and opening hours; each change is audited."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction

from portal.accounts.models import User
from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.audit.recording import record
from portal.core import clock
from portal.core.errors import NotFound, StateConflict, ValidationFailed
from portal.environments.models import Environment, Window
from portal.environments.window_checks import Problem, problems_of

MOST_WINDOWS = 50
ONCE = ("starts_at", "ends_at")
RECURRING = ("rrule", "first_day", "start_time", "minutes", "until")
FIELDS = ("kind", "reason", "time_zone", *ONCE, *RECURRING)
NEEDED = {
    "starts_at": "From when on.",
    "ends_at": "Until when.",
    "rrule": "On which days it takes place, such as FREQ=WEEKLY;BYDAY=FR.",
    "first_day": "The first day on which it may start.",
    "start_time": "When it starts, such as 09:00.",
    "minutes": "How many minutes it takes.",
}


@transaction.atomic
def create(environment: Environment, *, actor: User | None, **fields: Any) -> Window:
    """Add a window; `actor=None`: the command line. Raises NotPermitted, ValidationFailed, StateConflict."""
    window = Window(environment=environment)
    _may_change(environment, actor)
    if environment.windows.count() >= MOST_WINDOWS:
        raise StateConflict(f"There are {MOST_WINDOWS} windows already. Remove one that is no longer needed.")
    return _save(window, fields, actor, before=None)


@transaction.atomic
def change(window: Window, *, actor: User | None, **fields: Any) -> Window:
    """Set the given fields anew; what is already so records nothing. Raises as create, and NotFound."""
    _may_change(window.environment, actor)
    window = _locked(window)
    before = facts(window)
    if all(getattr(window, name) == value for name, value in fields.items()):
        return window
    return _save(window, fields, actor, before=before)


@transaction.atomic
def remove(window: Window, *, actor: User | None, comment: str = "") -> None:
    """Take a window away; the audit trail keeps it. Raises NotPermitted, NotFound."""
    _may_change(window.environment, actor)
    window = _locked(window)
    said = {"window": window.pk, **facts(window)}
    window.delete()
    record("window.removed", window.environment, actor=actor, before=said, comment=comment.strip())


def facts(window: Window) -> dict[str, Any]:
    """What is set, as the audit trail and the command line say it."""
    values = {name: getattr(window, name) for name in FIELDS}
    return {
        name: value if isinstance(value, int | str) else value.isoformat()
        for name, value in values.items()
        if value not in (None, "")
    }


def _may_change(environment: Environment, actor: User | None) -> None:
    if actor is not None:
        require(actor, Verb.CURATE)
    # the row is touched first, so that two people's changes queue up
    Environment.objects.filter(pk=environment.pk).update(order=environment.order)


def _locked(window: Window) -> Window:
    found = Window.objects.select_related("environment").filter(pk=window.pk).first()
    if found is None:
        raise NotFound("This window is not there any more.")
    return found


def _save(
    window: Window, fields: Mapping[str, Any], actor: User | None, before: Mapping[str, Any] | None
) -> Window:
    for name, value in fields.items():
        setattr(window, name, value)
    window.rrule = window.rrule.strip().upper().removeprefix("RRULE:")
    _check(window)
    window.saved_by, window.saved_at = actor, clock.now()
    window.save()
    after = {"window": window.pk, **facts(window)}
    record("window.saved", window.environment, actor=actor, before=before, after=after)
    return window


def _check(window: Window) -> None:
    """Raise ValidationFailed with all that is wrong, one for each field."""
    found = {path: (path, *rest) for path, *rest in reversed([*_problems(window), *_incomplete(window)])}
    if found:
        names = ("path", "message", "code")
        raise ValidationFailed([dict(zip(names, each, strict=True)) for each in reversed(found.values())])


def _problems(window: Window) -> Iterator[Problem]:
    """What is wrong with what it means, if it means anything; and whether that is over already."""
    try:
        yield from problems_of(window.rule)
    except ValueError:
        return
    if window.ends_at and window.ends_at.utcoffset() is not None and window.ends_at <= clock.now():
        yield "/ends_at", "That is over already.", "invalid"
    if window.until and window.until < (clock.now() - timedelta(days=1)).date():
        yield "/until", "That day is over already.", "invalid"


def _incomplete(window: Window) -> Iterator[Problem]:
    """What keeps it from being either of the two: once, or a recurrence."""
    if window.kind not in Window.Kinds.values:
        yield "/kind", f"One of {', '.join(Window.Kinds.values)}.", "unknown"
    recurs = window.is_recurring or any(getattr(window, name) is not None for name in RECURRING[1:])
    wanted, other = (RECURRING[:-1], ONCE) if recurs else (ONCE, ())
    yield from ((f"/{name}", NEEDED[name], "required") for name in wanted if not _is_given(window, name))
    yield from (
        (f"/{name}", "A recurrence has none.", "invalid") for name in other if _is_given(window, name)
    )


def _is_given(window: Window, name: str) -> bool:
    return getattr(window, name) not in (None, "")
