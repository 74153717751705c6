"""The three questions of the home page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Exists, OuterRef, QuerySet

from portal.accounts.models import User
from portal.accounts.roles import Verb
from portal.core import clock
from portal.lifecycle.models import (
    BreakGlass,
    CampaignItem,
    ChangeRequest,
    DriftReport,
    PolicyException,
    QuotaRaise,
    ServiceInstance,
    Violation,
)
from portal.lifecycle.selectors import campaigns, exceptions, pools, queue
from portal.lifecycle.states import ChangeState, Health

ROWS = 8
# how long a failed change that nobody followed up is worth telling of
FAILED = timedelta(days=7)


@dataclass(frozen=True)
class Home:
    """What waits for me, what of mine is unwell, what changed lately; and what I own."""

    reviews: list[BreakGlass]
    waiting: list[ChangeRequest]
    exceptions_waiting: list[PolicyException]
    raises_waiting: list[QuotaRaise]
    questions: list[CampaignItem]
    own_waiting: list[ChangeRequest]
    ending: list[PolicyException]
    unwell: list[ServiceInstance]
    failed: list[ChangeRequest]
    drifted: list[ServiceInstance]
    overdue: list[Violation]
    recent: list[ChangeRequest]
    instances: list[ServiceInstance]

    @property
    def is_waited_for(self) -> bool:
        decisions = self.reviews or self.waiting or self.exceptions_waiting or self.raises_waiting
        return bool(decisions or self.questions or self.ending)

    @property
    def is_unwell(self) -> bool:
        return bool(self.unwell or self.failed or self.drifted or self.overdue)

    @property
    def facts(self) -> tuple[object, ...]:
        """What the page's live part depends on."""
        changes = [(row.pk, row.state, row.phase) for row in (*self.waiting, *self.own_waiting, *self.recent)]
        asked = [row.pk for row in (*self.reviews, *self.exceptions_waiting, *self.ending, *self.overdue)]
        instances = [(row.pk, row.health, row.health_message) for row in (*self.unwell, *self.instances)]
        others = [row.pk for row in (*self.failed, *self.drifted, *self.raises_waiting, *self.questions)]
        return changes, asked, instances, others


def home(user: User) -> Home:
    """For members: their teams'. For those without a team: all that they may see."""
    teams = user.access.team_ids(Verb.VIEW)
    instances = ServiceInstance.objects.visible_to(user).alive().for_lists()
    changes = ChangeRequest.objects.visible_to(user).for_lists()
    if teams:
        instances = instances.filter(application__team__in=teams)
        changes = changes.filter(application__team__in=teams)
    return Home(
        reviews=list(queue.unreviewed_for(user)[:ROWS]),
        waiting=list(queue.waiting_for(user)[:ROWS]),
        exceptions_waiting=list(exceptions.awaiting_decision_by(user)[:ROWS]),
        raises_waiting=list(pools.awaiting_decision_by(user)[:ROWS]),
        questions=list(campaigns.to_answer(user)[:ROWS]),
        own_waiting=list(changes.awaiting_approval().filter(requested_by=user)[:ROWS]),
        ending=list(exceptions.ending_soon(user)[:ROWS]),
        unwell=list(instances.filter(health=Health.WRONG)[:ROWS]),
        failed=list(_failed(changes)[:ROWS]),
        drifted=list(instances.filter(drift_report__status=DriftReport.Status.DRIFTED)[:ROWS]),
        overdue=list(_overdue(user, teams)[:ROWS]),
        recent=list(changes[:ROWS]),
        instances=list(instances.order_by("-created_at")[:ROWS]),
    )


def _failed(changes: QuerySet[ChangeRequest]) -> QuerySet[ChangeRequest]:
    """Those that failed lately and after which nothing was asked for: somebody has to look."""
    later = ChangeRequest.objects.filter(instance=OuterRef("instance"), pk__gt=OuterRef("pk"))
    lately = changes.filter(state=ChangeState.FAILED, finished_at__gte=clock.now() - FAILED)
    return lately.filter(instance__retired_at=None).exclude(Exists(later))


def _overdue(user: User, teams: list[int]) -> QuerySet[Violation]:
    """What should have been remedied by now, the longest overdue first."""
    rows = Violation.objects.visible_to(user).for_lists().exclude(outcome=Violation.Outcome.WAIVED)
    if teams:
        rows = rows.filter(instance__application__team__in=teams)
    return rows.filter(due_at__lte=clock.now()).order_by("due_at", "pk")
