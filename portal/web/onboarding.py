"""The first steps of somebody new, with what they have done already: from the data, not from a checklist."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import reverse

from portal.accounts.models import User
from portal.accounts.roles import PlatformRoleName, Verb
from portal.environments.models import Window
from portal.lifecycle.models import Application, Approval, ServiceInstance
from portal.web.forms.application import managed_teams
from services_catalog.models import ChartSource, Role, SourceKind

COOKIE = "welcomed"


@dataclass(frozen=True)
class FirstStep:
    """One thing to do first. `url` is where; empty when somebody else has to act."""

    title: str
    text: str
    done: bool
    url: str = ""
    action: str = ""


def steps_for(user: User) -> list[FirstStep]:
    """For the role that this person has; nothing once all of it is done."""
    found = list(_platform_steps(user) if user.access.platform else _developer_steps(user))
    return [] if all(step.done for step in found) else found


def _developer_steps(user: User) -> Iterator[FirstStep]:
    teams = user.access.team_ids(Verb.REQUEST)
    yield FirstStep(
        "Be in a team",
        "A maintainer of your team, or the platform team, adds you. Your team then sees what you run.",
        done=bool(teams),
    )
    application = Application.objects.filter(team__in=teams).first()
    may_create = managed_teams(user).exists()
    yield FirstStep(
        "Have an application",
        "What your team runs, in all environments. "
        + ("Register it once." if may_create else "A maintainer of your team registers it."),
        done=application is not None,
        url=reverse("web:applications-new") if may_create else "",
        action="Register an application",
    )
    mine = ServiceInstance.objects.alive().filter(application__team__in=teams)
    has_namespace = mine.filter(offering__role=Role.NAMESPACE).exists()
    yield FirstStep(
        "Get a namespace",
        "Room in a cluster with quota, network policy and access for your team. It takes about a minute.",
        done=has_namespace,
        url=reverse("web:catalog-request", args=["namespace"]) if application else "",
        action="Request a namespace",
    )
    yield FirstStep(
        "Run your first service",
        "Pick one from the catalog; defaults that pass every policy are filled in.",
        done=mine.exclude(offering__role=Role.NAMESPACE).exists(),
        url=reverse("web:catalog") if has_namespace else "",
        action="Open the catalog",
    )


def _platform_steps(user: User) -> Iterator[FirstStep]:
    roles = user.access.platform
    if PlatformRoleName.OPERATOR in roles:
        yield FirstStep(
            "Decide your first change",
            "The queue holds what waits for you, the riskiest first, each with its evidence.",
            done=Approval.objects.filter(actor=user).exists(),
            url=reverse("web:approvals"),
            action="Open the queue",
        )
    if PlatformRoleName.PLATFORM_ENGINEER in roles:
        yield FirstStep(
            "Say when production is open",
            "Freezes and opening hours; outside of them no change runs there, approved or not.",
            done=Window.objects.exists(),
            url=reverse("web:platform"),
            action="Open Admin",
        )
        yield FirstStep(
            "Add a source of charts",
            "A Helm repository, a registry or a Git folder; charts are examined before they are on offer.",
            done=ChartSource.objects.exclude(kind=SourceKind.TREE).exists(),
            url=reverse("web:platform"),
            action="Open Admin",
        )
    if PlatformRoleName.AUDITOR in roles:
        yield FirstStep(
            "Verify the trail",
            "Every record is chained and signed; the same check runs offline, without this portal.",
            done=False,
            url=reverse("web:audit"),
            action="Open the audit trail",
        )
