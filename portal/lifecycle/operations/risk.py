"""How much a waiting change puts at stake, so that the riskiest is looked at first. It decides nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from portal.lifecycle.operations.drafting import Draft
from portal.lifecycle.states import ChangeKind

BY_KIND = {
    ChangeKind.CREATE: 20,
    ChangeKind.UPDATE: 15,
    ChangeKind.UPGRADE: 25,
    ChangeKind.ROLLBACK: 10,
    ChangeKind.PROMOTE: 20,
    ChangeKind.REMEDIATE: 15,
    ChangeKind.RETIRE: 40,
}
NAMES = {
    ChangeKind.CREATE: "something new",
    ChangeKind.UPDATE: "an update",
    ChangeKind.UPGRADE: "an upgrade",
    ChangeKind.ROLLBACK: "a rollback",
    ChangeKind.PROMOTE: "a promotion",
    ChangeKind.REMEDIATE: "a remedy",
    ChangeKind.RETIRE: "a retirement",
}
KEEPS_DATA = {"StatefulSet", "PersistentVolumeClaim"}
OPENS_DOORS = {"NetworkPolicy", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding", "Ingress"}
MANY_OBJECTS = 20
HIGHEST = 100


@dataclass(frozen=True)
class Risk:
    """`score` is 0 to 100; `reasons` say what it is made of, the weightiest first."""

    score: int
    reasons: list[str]


# of what nobody decides
NO_RISK = Risk(0, [])


def assess(draft: Draft, *, emergency: bool = False) -> Risk:
    """The sum of what speaks for a second look, capped at 100."""
    parts = [*_parts(draft)]
    if emergency:
        parts.append((40, "policy refuses it"))
    parts.sort(key=lambda part: -part[0])
    score = sum(weight for weight, _ in parts)
    return Risk(min(score, HIGHEST), [reason for _, reason in parts])


def _parts(draft: Draft) -> Iterator[tuple[int, str]]:
    wish = draft.wish
    yield BY_KIND[wish.kind], NAMES[wish.kind]
    touched = [diff for diff in draft.diff if diff.change != "same"]
    kinds = {diff.key.kind for diff in touched}
    if wish.kind != ChangeKind.RETIRE and any(diff.change == "removed" for diff in touched):
        yield 15, "removes objects"
    if kinds & KEEPS_DATA:
        yield 15, "touches what keeps data"
    if kinds & OPENS_DOORS:
        yield 10, "touches access or traffic"
    if len(touched) > MANY_OBJECTS:
        yield 5, f"touches {len(touched)} objects"
    if draft.waived:
        yield 15, f"relies on {draft.waived} exception" + ("" if draft.waived == 1 else "s")
    if draft.warned:
        yield min(2 * draft.warned, 10), f"{draft.warned} warning" + ("" if draft.warned == 1 else "s")
    if wish.offering.cluster_scoped:
        yield 10, "reaches beyond one namespace"
    past = wish.kind in (ChangeKind.CREATE, ChangeKind.UPDATE, ChangeKind.UPGRADE)
    if past and wish.environment.promotes_from.exists():
        yield 15, "did not run in the stage before"
