"""Where one can go, and which role may open it."""

from __future__ import annotations

from dataclasses import dataclass

from portal.accounts.models import User
from portal.accounts.roles import Verb


@dataclass(frozen=True)
class Place:
    """One entry of the navigation. `key` is pressed after `g`; `verb` is what the role must allow."""

    name: str
    label: str
    icon: str
    key: str
    verb: Verb | None = None
    counts: bool = False  # whether what waits for this person there is counted
    group: str = ""  # a quiet heading above the first of a group

    @property
    def url_name(self) -> str:
        return f"web:{self.name}"


PLACES = (
    Place("home", "Home", "home", "h"),
    Place("catalog", "Catalog", "layout-grid", "c"),
    Place("applications", "Applications", "stack-2", "a"),
    Place("instances", "Instances", "box", "i"),
    Place("changes", "Changes", "git-pull-request", "r"),
    Place("approvals", "Approvals", "checklist", "q", Verb.DECIDE, counts=True, group="Guardrails"),
    Place("policies", "Policies", "shield-check", "p", group="Guardrails"),
    Place("exceptions", "Exceptions", "clock-pause", "e", counts=True, group="Guardrails"),
    Place("drift", "Drift", "git-compare", "d", group="Guardrails"),
    Place("fleet", "Fleet", "versions", "f", group="Platform"),
    Place("pools", "Quotas", "chart-pie", "t", Verb.AUDIT, group="Platform"),
    Place("audit", "Audit", "history", "u", group="Platform"),
    Place("platform", "Admin", "server", "m", Verb.CURATE, group="Platform"),
)
# What is reached from a place rather than from the navigation.
WITHIN = {"sources": "platform", "campaigns": "fleet"}
# At phone width four fit beside "More".
AT_HAND = {
    False: ("home", "catalog", "applications", "changes"),
    True: ("home", "approvals", "applications", "changes"),
}


def places_for(user: User) -> list[Place]:
    """What this person's roles may open, in order."""
    return [place for place in PLACES if place.verb is None or user.access.may(place.verb)]


def at_hand_for(user: User) -> tuple[list[Place], list[Place]]:
    """The same, split for the bottom bar: at hand, and under "More"."""
    names = AT_HAND[user.access.may(Verb.DECIDE)]
    places = places_for(user)
    return [p for p in places if p.name in names], [p for p in places if p.name not in names]
