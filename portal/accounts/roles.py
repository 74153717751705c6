"""Roles and what each may do: the one table that API, pages and tests read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from django.db import models


class TeamRole(models.TextChoices):
    DEVELOPER = "developer", "Developer"
    MAINTAINER = "maintainer", "Maintainer"


class PlatformRoleName(models.TextChoices):
    OPERATOR = "operator", "Operator"
    PLATFORM_ENGINEER = "platform_engineer", "Platform engineer"
    AUDITOR = "auditor", "Auditor"


class Verb(StrEnum):
    VIEW = "view"  # see a team's applications, instances and changes
    REQUEST = "request"  # open changes: create, update, upgrade, rollback, promote, retire
    CANCEL = "cancel"  # withdraw a change, or stop one that runs
    MANAGE_TEAM = "manage_team"  # applications and members of the team
    DECIDE = "decide"  # approve or reject at a gate
    BREAK_GLASS = "break_glass"  # pass a gate in an emergency, to be reviewed afterwards
    WAIVE = "waive"  # decide on policy exceptions
    ALLOT = "allot"  # decide on raises of a team's quota
    CURATE = "curate"  # catalog, policies, environments, clusters
    AUDIT = "audit"  # read the whole audit trail
    READ_LOGS = "read_logs"  # read what a team's services write into their logs


TEAM_TABLE: Mapping[TeamRole, frozenset[Verb]] = {
    TeamRole.DEVELOPER: frozenset({Verb.VIEW, Verb.REQUEST, Verb.CANCEL, Verb.READ_LOGS}),
    TeamRole.MAINTAINER: frozenset({Verb.VIEW, Verb.REQUEST, Verb.CANCEL, Verb.READ_LOGS, Verb.MANAGE_TEAM}),
}
PLATFORM_TABLE: Mapping[PlatformRoleName, frozenset[Verb]] = {
    PlatformRoleName.OPERATOR: frozenset(
        {
            Verb.VIEW,
            Verb.DECIDE,
            Verb.BREAK_GLASS,
            Verb.WAIVE,
            Verb.ALLOT,
            Verb.CANCEL,
            Verb.AUDIT,
            Verb.READ_LOGS,
        }
    ),
    PlatformRoleName.PLATFORM_ENGINEER: frozenset(
        {Verb.VIEW, Verb.CURATE, Verb.WAIVE, Verb.ALLOT, Verb.AUDIT}
    ),
    PlatformRoleName.AUDITOR: frozenset({Verb.VIEW, Verb.AUDIT}),
}

# what a maintainer may do besides, while on call for the team
ON_CALL = frozenset({Verb.BREAK_GLASS})


@dataclass(frozen=True)
class Access:
    """What one person may do. `teams` maps team ids to roles; `on_call` has ids of teams."""

    teams: Mapping[int, str]
    platform: frozenset[str]
    on_call: frozenset[int] = frozenset()
    team_slugs: frozenset[str] = frozenset()

    def may(self, verb: Verb, team_id: int | None = None) -> bool:
        """Whether `verb` is allowed on things of team `team_id` (None: on things that belong to no team)."""
        if any(verb in PLATFORM_TABLE[PlatformRoleName(role)] for role in self.platform):
            return True
        role = self.teams.get(team_id) if team_id is not None else None
        if role == TeamRole.MAINTAINER and team_id in self.on_call and verb in ON_CALL:
            return True
        return role is not None and verb in TEAM_TABLE[TeamRole(role)]

    @property
    def sees_all_teams(self) -> bool:
        return self.may(Verb.VIEW)

    def team_ids(self, verb: Verb = Verb.VIEW) -> list[int]:
        """Teams in which a membership (not a platform role) allows `verb`."""
        return [team for team, role in self.teams.items() if verb in TEAM_TABLE[TeamRole(role)]]
