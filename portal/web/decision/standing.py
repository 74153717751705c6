"""How the decision on a change stands: who said what, what counts of it, what is still missing."""

from __future__ import annotations

from dataclasses import dataclass

from portal.accounts.models import User
from portal.core.errors import SealBroken, SlipwayError
from portal.lifecycle.models import Approval, ChangeComment, ChangeRequest
from portal.lifecycle.operations import seals
from portal.lifecycle.selectors import consents
from portal.lifecycle.states import ChangeState


@dataclass(frozen=True)
class Decision:
    """One person's decision. `void` says why an approval counts no longer."""

    approval: Approval
    void: str = ""


@dataclass(frozen=True)
class Standing:
    """`altered` names ingredients that are no longer what was sealed; `wishes` are asks for a change that
    stand."""

    decisions: list[Decision]
    lacking: list[str]
    altered: list[str]
    contributors: list[User]
    comments: list[ChangeComment]
    wishes: list[ChangeComment]


def of_change(change: ChangeRequest) -> Standing:
    comments = list(change.comments.select_related("author"))
    waits = change.is_awaiting_approval
    people = consents.consenting(change) if waits else []
    gate = change.environment.gate
    return Standing(
        decisions=_decisions(change, people),
        lacking=gate.lacking(people, proven=change.proven) if waits else [],
        altered=altered(change),
        contributors=[each for each in change.contributors.all() if each.pk != change.requested_by_id],
        comments=comments,
        wishes=[each for each in comments if waits and _stands(each, change)],
    )


def altered(change: ChangeRequest) -> list[str]:
    """In the words of pages; nothing of a change that no longer waits."""
    held = change.state == ChangeState.QUEUED and bool(change.held)
    if not (change.is_awaiting_approval or held):
        return []
    try:
        if change.release is None:
            seals.check_retirement(change)
            return []
        return [seals.INGREDIENTS[name] for name in seals.altered(change.release, change.subject)]
    except SealBroken:
        return ["release that runs"]
    except SlipwayError:
        return [seals.INGREDIENTS["policy"]]  # unreadable is not what was sealed


def _stands(comment: ChangeComment, change: ChangeRequest) -> bool:
    return comment.asks_change and comment.settled_at is None and comment.digest == change.seal


def _decisions(change: ChangeRequest, people: list[User]) -> list[Decision]:
    counting = {person.pk for person in people}
    rows = change.approvals.select_related("actor")
    return [Decision(each, _void(each, change, counting)) for each in rows]


def _void(approval: Approval, change: ChangeRequest, counting: set[int]) -> str:
    if approval.decision != Approval.Decision.APPROVED:
        return ""
    if approval.digest != change.seal:
        return "of an earlier release"
    if change.is_awaiting_approval and approval.actor_id not in counting:
        return "may decide here no longer"
    return ""
