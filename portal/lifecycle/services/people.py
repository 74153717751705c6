"""Granting platform-wide roles, and who of a team is on call."""

from __future__ import annotations

from django.db import transaction

from portal.accounts.models import Membership, PlatformRole, User
from portal.accounts.permissions import require
from portal.accounts.roles import PlatformRoleName, TeamRole, Verb
from portal.audit.recording import record
from portal.core.errors import StateConflict


def grant(user: User, role: PlatformRoleName, *, actor: User | None) -> bool:
    """Give a platform-wide role; False when it was held already. `actor=None` is the command line."""
    if actor is not None:
        require(actor, Verb.CURATE)
    with transaction.atomic():
        _, created = PlatformRole.objects.get_or_create(user=user, role=role)
        if created:
            record("role.granted", user, actor=actor, after={"role": str(role)})
    return created


def set_on_call(membership: Membership, on_call: bool, *, actor: User | None) -> bool:
    """Let a maintainer pass gates of the team's changes in an emergency, or no longer; False when it was so
    already. A maintainer of the team or an operator may.

    `actor=None` is the command line. Raises NotPermitted, and StateConflict for who is no maintainer.
    """
    team, user = membership.team, membership.user
    if actor is not None and not actor.access.may(Verb.DECIDE):
        require(actor, Verb.MANAGE_TEAM, team.pk)
    if on_call and (membership.role != TeamRole.MAINTAINER or user.is_service_account):
        raise StateConflict(f"{user} is no maintainer of {team}. Only those can be on call.")
    with transaction.atomic():
        changed = Membership.objects.filter(pk=membership.pk, on_call=not on_call).update(on_call=on_call)
        if changed:
            record(
                "team.on_call_changed",
                team,
                actor=actor,
                team_id=team.pk,
                before={"person": user.username, "on_call": not on_call},
                after={"person": user.username, "on_call": on_call},
            )
    membership.refresh_from_db()
    return bool(changed)
