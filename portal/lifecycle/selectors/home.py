"""The three questions of the home page."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from portal.accounts.models import User
from portal.accounts.roles import Verb
from portal.core import clock
from portal.lifecycle.models import BreakGlass, ChangeRequest, PolicyException, ServiceInstance, Violation
from portal.lifecycle.selectors import exceptions, queue
from portal.lifecycle.states import Health

ROWS = 8


@dataclass(frozen=True)
class Home:
    """What waits for me, what of mine is unwell, what changed lately; and what I own."""

    reviews: list[BreakGlass]
    waiting: list[ChangeRequest]
    exceptions_waiting: list[PolicyException]
    own_waiting: list[ChangeRequest]
    ending: list[PolicyException]
    unwell: list[ServiceInstance]
    overdue: list[Violation]
    recent: list[ChangeRequest]
    instances: list[ServiceInstance]


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
        own_waiting=list(changes.awaiting_approval().filter(requested_by=user)[:ROWS]),
        ending=list(exceptions.ending_soon(user)[:ROWS]),
        unwell=list(instances.filter(health=Health.WRONG)[:ROWS]),
        overdue=list(_overdue(user, teams)[:ROWS]),
        recent=list(changes[:ROWS]),
        instances=list(instances.order_by("-created_at")[:ROWS]),
    )


def _overdue(user: User, teams: list[int]) -> QuerySet[Violation]:
    """What should have been remedied by now, the longest overdue first."""
    rows = Violation.objects.visible_to(user).for_lists().exclude(outcome=Violation.Outcome.WAIVED)
    if teams:
        rows = rows.filter(instance__application__team__in=teams)
    return rows.filter(due_at__lte=clock.now()).order_by("due_at", "pk")
