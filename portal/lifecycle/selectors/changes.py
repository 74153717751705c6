"""Reading changes: what waits on whom, where one is, what is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db.models import F, Q, QuerySet

from portal.accounts.models import User
from portal.accounts.roles import PLATFORM_TABLE, Verb
from portal.core import clock
from portal.environments.models import Environment
from portal.lifecycle import check_results
from portal.lifecycle.models import Approval, ChangeRequest
from portal.lifecycle.states import EXECUTABLE_STATES, ChangeState, Phase

DECIDING_ROLES = [role for role, verbs in PLATFORM_TABLE.items() if Verb.DECIDE in verbs]


@dataclass(frozen=True)
class Waiting:
    """The one line "waiting on X since T"; `who` may end it."""

    text: str
    since: datetime
    who: list[str]


@dataclass(frozen=True)
class Step:
    key: str
    label: str
    at: datetime | None
    state: Literal["done", "current", "todo", "failed"]
    detail: str = ""


def due_ids(limit: int = 500) -> list[int]:
    """Changes to wake a worker for, oldest first: due, on a cluster that answers or is to be tried out."""
    now = clock.now()
    waiting = due(now).exclude(environment__cluster__retry_at__gt=now)
    return list(waiting.order_by("run_after").values_list("pk", flat=True)[:limit])


def due(now: datetime) -> QuerySet[ChangeRequest]:
    """Changes whose next step is due and that no living lease holds."""
    return ChangeRequest.objects.filter(
        Q(lease_expires_at=None) | Q(lease_expires_at__lt=now),
        state__in=EXECUTABLE_STATES,
        run_after__lte=now,
    )


def deciders(change: ChangeRequest) -> QuerySet[User]:
    """People who may decide this change now, by the gate's rules as they are."""
    gate = change.environment.gate
    barred = set() if gate.contributors_may_decide else change.contributor_ids - {change.requested_by_id}
    if not gate.requester_may_decide:
        barred.add(change.requested_by_id)
    people = User.objects.filter(
        is_active=True, is_service_account=False, platform_roles__role__in=DECIDING_ROLES
    )
    if gate.groups:
        people = people.filter(approver_groups__slug__in=gate.groups)
    decided = change.approvals.filter(digest=change.seal).values("actor")
    return people.exclude(pk__in=barred).exclude(pk__in=decided).distinct().order_by("username")


def awaiting_decision_by(user: User) -> QuerySet[ChangeRequest]:
    """The queue of one person: riskiest first, then oldest; without what they had a part in, have decided
    themselves, or what other groups decide. The same rules as `portal.environments.gates`, in SQL."""
    if not user.access.may(Verb.DECIDE) or user.is_service_account:
        return ChangeRequest.objects.none()
    mine = Q(environment__requester_may_decide=True, requested_by=user)
    took_part = ChangeRequest.contributors.through.objects.filter(user=user).values("changerequest")
    others = ~Q(requested_by=user) & (Q(environment__contributors_may_decide=True) | ~Q(pk__in=took_part))
    groups = Environment.objects.filter(
        Q(approver_groups=None) | Q(approver_groups__in=user.approver_groups.all())
    )
    decided = Approval.objects.filter(actor=user, digest=F("change__seal")).values("change")
    return (
        ChangeRequest.objects.for_lists()
        .awaiting_approval()
        .filter(mine | others, environment__in=groups.values("pk"))
        .exclude(pk__in=decided)
        .order_by("-risk", "created_at", "id")
    )


def waiting_on(change: ChangeRequest) -> Waiting | None:
    """What the change waits for, or None when it has ended."""
    if change.state == ChangeState.AWAITING_APPROVAL:
        who = [user.username for user in deciders(change)]
        return Waiting("an operator", change.created_at, who)
    if change.state == ChangeState.QUEUED:
        return Waiting(change.held or "a worker", change.decided_at or change.created_at, [])
    if change.state == ChangeState.RUNNING:
        return Waiting(_running(change), change.applied_at or change.started_at or change.created_at, [])
    return None


def brief(change: ChangeRequest) -> str:
    """As `waiting_on`, for a row of a list: costs no query."""
    if change.state == ChangeState.AWAITING_APPROVAL:
        return "an operator"
    if change.state == ChangeState.QUEUED:
        return change.held or "a worker"
    return _running(change) if change.state == ChangeState.RUNNING else ""


def _running(change: ChangeRequest) -> str:
    if change.cancel_asked_at and change.phase != Phase.REVERTING:
        return "helm to stop"
    if change.held:
        return change.held
    if change.phase == Phase.OBSERVING:
        return "its objects to become ready" if change.release_id else "its objects to go"
    if change.phase == Phase.VERIFYING:
        return f"its verification: {check_results.progress(change.verifications)}"
    if change.phase == Phase.REVERTING:
        return "the rollback"
    if change.attempts:
        return f"the cluster (attempt {change.attempts + 1})"
    return "helm"


def steps(change: ChangeRequest) -> list[Step]:
    """asked → judged → approved → applied → observed → verified, each with its time; the last only where
    checks are declared."""
    denied, gated = change.state == ChangeState.DENIED, change.environment.is_gated
    stopped = change.state == ChangeState.CANCELLED and change.started_at is not None
    refused = not stopped and change.state in (
        ChangeState.REJECTED,
        ChangeState.CANCELLED,
        ChangeState.EXPIRED,
        ChangeState.SUPERSEDED,
    )
    failed = stopped or change.state == ChangeState.FAILED
    marks: list[tuple[str, str, datetime | None, bool, str]] = [
        ("asked", "Asked", change.created_at, False, f"by {change.requested_by}"),
        (
            "judged",
            "Judged",
            change.created_at,
            denied,
            "policy refused it" if denied else "policy allows it",
        ),
    ]
    if not denied:
        detail = change.get_state_display().lower() if refused else "" if gated else "no gate here"
        marks.append(("approved", "Approved", change.decided_at, refused, detail))
    if not denied and not refused:
        marks.append(("applied", "Applied", change.applied_at, failed and change.applied_at is None, ""))
        marks += _after_applying(change)
    return _with_states(marks)


def _after_applying(change: ChangeRequest) -> list[tuple[str, str, datetime | None, bool, str]]:
    """Ready, and then verified: by a change that was, or that is to be."""
    failed = change.state in (ChangeState.FAILED, ChangeState.CANCELLED) and change.applied_at is not None
    done = change.finished_at if change.state == ChangeState.SUCCEEDED else None
    began = check_results.since(change.verifications)
    to_be = change.is_active and change.release and change.release.offering_version.verification
    if not began and not to_be:
        return [("observed", "Observed", done, failed, "")]
    return [
        ("observed", "Observed", began, failed and not began, ""),
        ("verified", "Verified", done, failed and began is not None, _verified(change)),
    ]


def _verified(change: ChangeRequest) -> str:
    return check_results.progress(change.verifications) if change.verifications else ""


def _with_states(marks: list[tuple[str, str, datetime | None, bool, str]]) -> list[Step]:
    result: list[Step] = []
    current_seen = False
    for key, label, at, failed, detail in marks:
        if failed:
            state: Literal["done", "current", "todo", "failed"] = "failed"
            current_seen = True
        elif at is not None:
            state = "done"
        else:
            state = "todo" if current_seen else "current"
            current_seen = True
        result.append(Step(key, label, at, state, detail))
    return result
