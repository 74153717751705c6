"""Asking the table of roles: visible or 404, allowed or 403."""

from __future__ import annotations

from typing import TypeVar

from django.contrib.auth.models import AnonymousUser
from django.db import models

from portal.accounts.models import User
from portal.accounts.roles import Verb
from portal.core.errors import NotPermitted

M = TypeVar("M", bound=models.Model)

WHY = {
    Verb.REQUEST: "Only members of the owning team may request changes of its services.",
    Verb.CANCEL: "Only members of the owning team or an operator may cancel this.",
    Verb.MANAGE_TEAM: "Only a maintainer of the team may do this.",
    Verb.DECIDE: "Only an operator may decide this.",
    Verb.BREAK_GLASS: "Only an operator, or a maintainer of the team who is on call, may pass the gate.",
    Verb.WAIVE: "Only an operator or a platform engineer may decide on exceptions.",
    Verb.ALLOT: "Only an operator or a platform engineer may decide on a team's quota.",
    Verb.CURATE: "Only a platform engineer may do this.",
    Verb.READ_LOGS: "Only members of the owning team and operators read logs.",
    Verb.AUDIT: "Only operators, platform engineers and auditors read the whole audit trail.",
}


def require(user: User | AnonymousUser, verb: Verb, team_id: int | None = None) -> None:
    """Raise NotPermitted, with a reason that names who could, unless the table allows it."""
    if not isinstance(user, User) or not user.is_active or not user.access.may(verb, team_id):
        raise NotPermitted(WHY.get(verb), verb=str(verb))


def scoped(rows: models.QuerySet[M], user: User | AnonymousUser, team_field: str) -> models.QuerySet[M]:
    """The rows of teams that `user` may see; `team_field` is the path to the owning team's id."""
    if not isinstance(user, User) or not user.is_active:
        return rows.none()
    if user.access.sees_all_teams:
        return rows
    return rows.filter(**{f"{team_field}__in": user.access.team_ids()})
