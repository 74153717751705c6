"""Changing one's own password."""

from __future__ import annotations

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from portal.accounts import sessions, throttling
from portal.accounts.models import User
from portal.accounts.sessions import SessionStore
from portal.audit.recording import record
from portal.core.errors import ValidationFailed


def change(actor: User, *, current: str, new: str, keep: SessionStore | None = None) -> int:
    """Give the actor another password and end all sessions but `keep`; how many were ended. API tokens live
    on: they do not rest on the password.

    Raises ValidationFailed (all that is wrong with the new one at once) and TooManyAttempts.
    """
    attempt = throttling.Attempt.of_person(actor.pk)
    throttling.admit(attempt)
    if not actor.check_password(current):
        record("password.refused", actor, actor=actor)
        raise ValidationFailed.at("/current", "That is not your password. Nothing was changed.", "wrong")
    throttling.succeeded(attempt)
    _check(actor, current, new)
    with transaction.atomic():
        actor.set_password(new)
        actor.save(update_fields=["password"])
        ended = sessions.end(actor, but=keep)
        record("password.changed", actor, actor=actor, after={"sessions_ended": ended})
    return ended


def _check(actor: User, current: str, new: str) -> None:
    if new == current:
        raise ValidationFailed.at("/new", "This is the password that you have already.", "unchanged")
    try:
        validate_password(new, actor)
    except ValidationError as exc:
        raise ValidationFailed(
            [{"path": "/new", "message": text, "code": "weak"} for text in exc.messages]
        ) from None
