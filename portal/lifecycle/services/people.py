"""Granting platform-wide roles."""

from __future__ import annotations

from django.db import transaction

from portal.accounts.models import PlatformRole, User
from portal.accounts.permissions import require
from portal.accounts.roles import PlatformRoleName, Verb
from portal.audit.recording import record


def grant(user: User, role: PlatformRoleName, *, actor: User | None) -> bool:
    """Give a platform-wide role; False when it was held already. `actor=None` is the command line."""
    if actor is not None:
        require(actor, Verb.CURATE)
    with transaction.atomic():
        _, created = PlatformRole.objects.get_or_create(user=user, role=role)
        if created:
            record("role.granted", user, actor=actor, after={"role": str(role)})
    return created
