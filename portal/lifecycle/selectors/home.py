"""The three questions of the home page."""

from __future__ import annotations

from dataclasses import dataclass

from portal.accounts.models import User
from portal.accounts.roles import Verb
from portal.lifecycle.models import ChangeRequest, ServiceInstance
from portal.lifecycle.selectors.changes import awaiting_decision_by
from portal.lifecycle.states import Health

ROWS = 8


@dataclass(frozen=True)
class Home:
    """What waits for me, what of mine is unwell, what changed lately; and what I own."""

    waiting: list[ChangeRequest]
    own_waiting: list[ChangeRequest]
    unwell: list[ServiceInstance]
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
        waiting=list(awaiting_decision_by(user)[:ROWS]),
        own_waiting=list(changes.awaiting_approval().filter(requested_by=user)[:ROWS]),
        unwell=list(instances.filter(health=Health.WRONG)[:ROWS]),
        recent=list(changes[:ROWS]),
        instances=list(instances.order_by("-created_at")[:ROWS]),
    )
