"""Stored secrets under the newest key."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings

from portal.accounts import rotation
from portal.accounts.encryption import key_id
from portal.accounts.models import User
from portal.accounts.rotation import Rotated
from portal.audit.recording import record


class Keys:
    """What an audit event about keys is about: the newest one, by its id."""

    def __init__(self) -> None:
        self.pk = key_id(settings.SLIPWAY_FIELD_KEYS[0])

    def __str__(self) -> str:
        return f"key {self.pk}"


def rotate(*, actor: User | None) -> Iterator[Rotated]:
    """Encrypt everything anew that is under an older key; each column is audited when it is done. Run again,
    it goes on where it was, and does and records nothing when there is nothing left."""
    for done in rotation.rotate():
        if done.changed or done.unreadable:
            facts = {"column": done.place, "rows": done.changed, "unreadable": len(done.unreadable)}
            record("credentials.rotated", Keys(), actor=actor, after=facts)
        yield done
