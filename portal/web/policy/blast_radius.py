"""What a blast radius shows: the question in words, how far it is, and who would have to act."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from portal.accounts.models import User
from portal.environments.models import Environment
from portal.lifecycle.models import BlastRadius
from portal.lifecycle.operations import blast_radius
from portal.lifecycle.selectors import bundle
from portal.policy.documents import POLICY_KIND
from portal.web import live, meanings

State = BlastRadius.State
Row = Mapping[str, Any]


@dataclass
class Finding:
    """One policy that would refuse more, with its remedy said once. Only listed verdicts are counted."""

    policy: str
    title: str
    severity: str
    remediation: str
    is_known: bool
    count: int = 0
    fixable: int = 0


@dataclass
class TeamImpact:
    """What one team would have to act on. All are counted; the first few hundred are listed."""

    team: str
    instance_count: int
    change_count: int
    mine: bool = False
    instances: list[Row] = field(default_factory=list)
    changes: list[Row] = field(default_factory=list)


def stages() -> dict[str, Environment]:
    return {each.slug: each for each in Environment.objects.all()}


def context(radius: BlastRadius, user: User) -> dict[str, Any]:
    result, known = radius.result, stages()
    return {
        "radius": radius,
        "question": in_words(radius, known),
        "final": is_final(radius),
        "outdated": radius.state == State.DONE and radius.policy_digest != bundle.current().digest,
        "percent": round(100 * radius.done / radius.total) if radius.total else 0,
        "counts": result.get("counts") or {},
        "most_listed": blast_radius.MOST_LISTED,
        "findings": findings([*result.get("instances", ()), *result.get("changes", ())]),
        "impacts": impacts(result, _own_teams(user)),
        "stages": known,
        "etag": etag(radius),
    }


def is_final(radius: BlastRadius) -> bool:
    return radius.state in (State.DONE, State.FAILED)


def etag(radius: BlastRadius, *more: object) -> str:
    return live.fingerprint(radius.pk, radius.state, radius.done, radius.total, *more)


def in_words(radius: BlastRadius, stages: Mapping[str, Environment]) -> list[str]:
    """What would be different, one thing a line. `stages` are the environments by slug."""
    proposal = radius.proposal
    said = [
        f"{each['policy']}: {meanings.MODES[each['mode']][1].lower()} in "
        f"{stages.get(each['environment'], each['environment'])}"
        for each in proposal.get("modes") or ()
    ]
    documents: Sequence[Row] = proposal.get("documents") or ()
    policies = [_name(each) for each in documents if each.get("kind") == POLICY_KIND]
    if documents:
        beside = len(documents) - len(policies)
        more = f" and {beside} more document{'' if beside == 1 else 's'}" if beside else ""
        said.append(f"As pasted: {', '.join(policies) or 'no policy'}{more}")
    return said + [f"Without {name}" for name in proposal.get("remove") or ()]


def questions(rows: Iterable[BlastRadius]) -> list[tuple[BlastRadius, list[str]]]:
    known = stages()
    return [(radius, in_words(radius, known)) for radius in rows]


def findings(rows: Iterable[Row]) -> list[Finding]:
    """By policy, those that are met most often first."""
    found: dict[str, Finding] = {}
    known_names = {policy.name for policy in bundle.current().policies}
    for row in rows:
        for verdict in row["verdicts"]:
            name = verdict["policy"]
            if name not in found:
                about = (verdict["title"], verdict["severity"], verdict["remediation"], name in known_names)
                found[name] = Finding(name, *about)
            found[name].count += 1
            found[name].fixable += bool(verdict["fix"])
    return sorted(found.values(), key=lambda each: (-each.count, each.policy))


def impacts(result: Row, own: set[str]) -> list[TeamImpact]:
    """By team, one's own first, else in the order of who has the most to do."""
    teams = {
        each["team"]: TeamImpact(each["team"], each["instances"], each["changes"], each["team"] in own)
        for each in result.get("teams") or ()
    }
    for row in result.get("instances") or ():
        teams[row["team"]].instances.append(row)
    for row in result.get("changes") or ():
        teams[row["team"]].changes.append(row)
    return sorted(teams.values(), key=lambda each: not each.mine)


def _own_teams(user: User) -> set[str]:
    return set(user.memberships.values_list("team__slug", flat=True))


def _name(document: Row) -> str:
    return str((document.get("metadata") or {}).get("name") or "without a name")
