"""What the rules of a gate may be; said all at once, each beside its field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from portal.environments.models import ApproverGroup
from portal.lifecycle.selectors.evidence import KINDS

MOST_APPROVALS = 5
LONGEST_MINUTES = 43_200  # 30 days
LONGEST_HOURS = 8_760  # a year

NUMBERS: Mapping[str, tuple[int, int]] = {
    "approvals_required": (0, MOST_APPROVALS),
    "minimum_soak_minutes": (0, LONGEST_MINUTES),
    "changes_expire_after_hours": (1, LONGEST_HOURS),
    "remind_after_hours": (0, LONGEST_HOURS),
    "escalate_after_hours": (0, LONGEST_HOURS),
    "review_within_hours": (1, 720),
}
# what lets more people decide than the rule is, in the words of the notice to all operators
RELAXATIONS: Mapping[str, str] = {
    "requester_may_decide": "whoever asked may approve",
    "contributors_may_decide": "others who had a part in a change may approve it",
    "requester_may_break_glass": "whoever asked may pass the gate in an emergency",
}
SWITCHES = ("one_of_each_group", "reauthenticate", "supersede_waiting", *RELAXATIONS)
FIELDS = (*NUMBERS, "rollback_approvals_required", "required_evidence", "approver_groups", *SWITCHES)

Problem = dict[str, str]
Rules = Mapping[str, Any]


def problems(rules: Rules) -> list[Problem]:
    """What is wrong with the complete rules of a gate: `FIELDS`, groups as slugs. What is of the wrong type
    is said alone, since nothing else can be told then."""
    return list(_shape(rules)) or list(_sense(rules))


def _shape(rules: Rules) -> Iterator[Problem]:
    for name in sorted(set(rules) - set(FIELDS)):
        yield _at(name, f"A gate has no rule of this name. Rules: {', '.join(FIELDS)}.", "unknown")
    for name, (least, most) in NUMBERS.items():
        if not _is_within(rules[name], least, most):
            yield _at(name, f"A whole number from {least} to {most}.")
    faster = rules["rollback_approvals_required"]
    if faster is not None and not _is_within(faster, 0, MOST_APPROVALS):
        message = f"A whole number from 0 to {MOST_APPROVALS}, or nothing."
        yield _at("rollback_approvals_required", message)
    for name in SWITCHES:
        if not isinstance(rules[name], bool):
            yield _at(name, "Either true or false.")
    yield from _evidence(rules["required_evidence"])
    yield from _groups(rules["approver_groups"])


def _evidence(wanted: Any) -> Iterator[Problem]:
    if not isinstance(wanted, Mapping):
        yield _at("required_evidence", "A mapping of kinds to minutes, such as {drift: 60}.")
        return
    for kind, minutes in wanted.items():
        if kind not in KINDS:
            message = f"There is no evidence of kind {str(kind)[:40]!r}. Kinds: {', '.join(KINDS)}."
            yield _at("required_evidence", message, "unknown")
        elif not _is_within(minutes, 1, LONGEST_MINUTES):
            message = f"{KINDS[kind]}: how old it may be, in minutes, from 1 to {LONGEST_MINUTES}."
            yield _at(f"required_evidence/{kind}", message)


def _groups(slugs: Any) -> Iterator[Problem]:
    if not isinstance(slugs, list) or not all(isinstance(slug, str) for slug in slugs):
        yield _at("approver_groups", "A list of slugs of groups.")
        return
    known = {group.slug: group for group in ApproverGroup.objects.prefetch_related("members")}
    for slug in slugs:
        if slug not in known:
            yield _at("approver_groups", f"There is no group {slug[:40]!r}. Create it first.", "unknown")
        elif not known[slug].members.all():
            message = f"Nobody is in {slug}, so nobody could approve. Give it a member first."
            yield _at("approver_groups", message, "empty")


def _sense(rules: Rules) -> Iterator[Problem]:
    wanted, faster = rules["approvals_required"], rules["rollback_approvals_required"]
    if faster is not None and faster > wanted:
        message = "The faster path cannot want more approvals than other changes do."
        yield _at("rollback_approvals_required", message)
    groups = len(set(rules["approver_groups"]))
    if rules["one_of_each_group"]:
        if not groups:
            yield _at(
                "one_of_each_group", "Choose the groups of which one person each is wanted.", "required"
            )
        message = f"Somebody of each group has to approve, so it takes {groups} at the least."
        if wanted < groups:
            yield _at("approvals_required", message)
        if faster is not None and 0 < faster < groups:
            yield _at("rollback_approvals_required", message)
    remind, escalate = rules["remind_after_hours"], rules["escalate_after_hours"]
    if remind and escalate and escalate < remind:
        yield _at("escalate_after_hours", "Not before those who decide are reminded.")


def _is_within(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _at(name: str, message: str, code: str = "invalid") -> Problem:
    return {"path": f"/{name}", "message": message, "code": code}
