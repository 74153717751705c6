"""Ending sessions: one's own, whatever browser they are in."""

from __future__ import annotations

from django.db import transaction

from portal.accounts import sessions
from portal.accounts.models import User
from portal.accounts.sessions import SessionStore
from portal.audit.recording import record
from portal.core.errors import NotFound


def end(handle: str, *, actor: User) -> None:
    """End one of the actor's own sessions. Raises NotFound."""
    with transaction.atomic():
        if not sessions.end(actor, handle):
            raise NotFound
        record("session.ended", actor, actor=actor, after={"sessions": 1})


def end_others(actor: User, *, but: SessionStore) -> int:
    """End all of the actor's sessions but the present one; how many there were."""
    with transaction.atomic():
        count = sessions.end(actor, but=but)
        record("session.ended", actor, actor=actor, after={"sessions": count})
    return count


def end_all_of(user: User, *, actor: User | None) -> int:
    """End every session of somebody; nothing is recorded where there was none. `actor=None` is the command
    line."""
    with transaction.atomic():
        count = sessions.end(user)
        if count:
            record("session.ended", user, actor=actor, after={"sessions": count})
    return count
