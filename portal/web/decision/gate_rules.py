"""An environment's gate in words, for those who are about to ask."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from portal.core.errors import ChangeUnderWay
from portal.environments.models import Environment
from portal.lifecycle.models import ChangeRequest, ServiceInstance
from portal.lifecycle.operations.drafting import Draft
from portal.lifecycle.selectors import instances
from portal.lifecycle.selectors.evidence import KINDS
from portal.lifecycle.services import superseding
from portal.lifecycle.states import ChangeKind
from portal.web import wording


@dataclass(frozen=True)
class Rules:
    """`lines` is empty where nobody has to decide. `replaces` waits now and would be superseded; `under_way`
    says why nothing can be asked at the moment."""

    lines: list[str] = field(default_factory=list)
    replaces: ChangeRequest | None = None
    under_way: str = ""


def of_draft(draft: Draft) -> Rules:
    """What asking for `draft` would meet."""
    wish = draft.wish
    source = wish.source.pk if wish.source and wish.kind == ChangeKind.ROLLBACK else None
    proven = wish.instance is not None and source in instances.proven_releases(wish.instance)
    replaces, under_way = _in_the_way(wish.instance)
    return Rules(lines(wish.environment, wish.kind, proven=proven), replaces, under_way)


def lines(environment: Environment, kind: str, *, proven: bool = False) -> list[str]:
    """One sentence for each rule that the change would meet."""
    gate = environment.gate
    wanted = gate.wanted(proven=proven)
    if not wanted:
        return []
    groups = ""
    if gate.groups:
        names = " and ".join(gate.groups) if gate.one_of_each_group else " or ".join(gate.groups)
        groups = f", one of each of {names}" if gate.one_of_each_group else f" of {names}"
    people = "operator has" if wanted == 1 else "operators have"
    found = [f"{wanted} {people} to approve{groups}."]
    if environment.minimum_soak_minutes and kind == ChangeKind.PROMOTE:
        soak = wording.span(timedelta(minutes=environment.minimum_soak_minutes))
        found.append(f"It has to be healthy for {soak} in the stage before.")
    if environment.required_evidence:
        wants = [
            f"{KINDS.get(kind, kind).lower()} ({wording.span(timedelta(minutes=minutes))})"
            for kind, minutes in environment.required_evidence.items()
        ]
        found.append(f"Evidence no older than in brackets: {', '.join(wants)}.")
    hours = wording.span(timedelta(hours=environment.changes_expire_after_hours))
    found.append(f"What nobody has decided after {hours} expires.")
    return found


def _in_the_way(instance: ServiceInstance | None) -> tuple[ChangeRequest | None, str]:
    if instance is None:
        return None, ""
    try:
        return superseding.in_the_way(instance), ""
    except ChangeUnderWay as error:
        return None, error.message
