"""Whose consent to a change counts now, and what is still missing."""

from __future__ import annotations

from portal.accounts.models import User
from portal.core.errors import NotPermitted
from portal.lifecycle.models import ChangeRequest


def consenting(change: ChangeRequest) -> list[User]:
    """Who approved exactly what is sealed and may still decide: role, groups and rules are looked up now."""
    gate, contributors = change.environment.gate, change.contributor_ids
    approvals = change.approvals.valid().select_related("actor").prefetch_related("actor__approver_groups")
    people = []
    for approval in approvals:
        try:
            gate.check_may_decide(approval.actor, requester=change.requested_by_id, contributors=contributors)
        except NotPermitted:
            continue
        people.append(approval.actor)
    return people


def lacking(change: ChangeRequest) -> list[str]:
    """What the gate still waits for, one phrase each; empty when it is satisfied."""
    return change.environment.gate.lacking(consenting(change), proven=change.proven)
