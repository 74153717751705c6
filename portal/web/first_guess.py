"""What a request form starts with, so that the usual request needs the fewest answers: whose, where, which
name. All of it may be changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import QuerySet

from portal.accounts.models import User
from portal.accounts.roles import Verb
from portal.core.names import MAX_RELEASE_NAME
from portal.environments.models import Environment
from portal.lifecycle.models import Application, ChangeRequest, ServiceInstance
from services_catalog.models import Offering, Role

ENDS = ("-service",)


@dataclass
class Guess:
    """`applications` are those that one may ask for, `environments` those that the offering is for."""

    actor: User
    offering: Offering
    applications: Sequence[Application]
    environments: Sequence[Environment]
    namespaces: frozenset[str] = field(default=frozenset())
    proposed: str = ""  # the name that nobody has chosen

    def about(self, given: Mapping[str, str]) -> dict[str, str]:
        """Application, environment and name, where `given` leaves them open."""
        application = given.get("application") or self._application()
        self.namespaces = self.namespaces_of(application)
        environment = given.get("environment") or self._environment()
        self.proposed = "" if given.get("name") else self.name(application)
        return {
            "application": application,
            "environment": environment,
            "name": given.get("name") or self.proposed,
        }

    def environment(self, slug: str) -> Environment | None:
        return next((each for each in self.environments if each.slug == slug), None)

    def namespace(self, about: Mapping[str, str]) -> str:
        """Where it would live; "" while that is open."""
        application = next((each for each in self.applications if each.slug == about["application"]), None)
        environment = self.environment(about["environment"])
        return application.namespace_in(environment) if application and environment else ""

    def name(self, application: str) -> str:
        """One that this application has nowhere yet: what is promoted keeps its name."""
        known = next((each for each in self.applications if each.slug == application), None)
        if known is None or self.offering.is_namespace:
            return ""
        ending = self.offering.slug
        for each in ENDS:
            ending = ending.removesuffix(each) or ending
        stem = f"{known.slug}-{ending}"[: MAX_RELEASE_NAME - 4].rstrip("-")
        stem = stem if stem[0].isalpha() else f"x-{stem}"[: MAX_RELEASE_NAME - 4].rstrip("-")
        rows = ServiceInstance.objects.alive().filter(application=known, name__startswith=stem)
        taken = set(rows.values_list("name", flat=True))
        free = (name for name in (stem, *(f"{stem}-{n}" for n in range(2, 100))) if name not in taken)
        return next(free, "")

    def namespaces_of(self, application: str) -> frozenset[str]:
        """The environments in which it has its namespace, or has asked for it."""
        if not application:
            return frozenset()
        rows: QuerySet[ServiceInstance] = ServiceInstance.objects.alive()
        rows = rows.filter(application__slug=application, offering__role=Role.NAMESPACE)
        if not self.offering.is_namespace:
            rows = rows.exclude(current_release=None)
        return frozenset(rows.values_list("environment__slug", flat=True))

    def _application(self) -> str:
        """The only one, or the one that one has asked something for last."""
        if len(self.applications) == 1:
            return self.applications[0].slug
        mine = ChangeRequest.objects.filter(
            requested_by=self.actor, application__in=[each.pk for each in self.applications]
        )
        return mine.order_by("-pk").values_list("application__slug", flat=True).first() or ""

    def _environment(self) -> str:
        """The lowest stage where it can run: where the namespace is, or, for a namespace, where none is."""
        stages = [each.slug for each in self.environments]
        fit = [each for each in stages if (each in self.namespaces) != self.offering.is_namespace]
        return next(iter(fit or stages), "")


def for_form(actor: User, offering: Offering) -> Guess:
    """The choices that `actor` has for a request of `offering`."""
    teams = actor.access.team_ids(Verb.REQUEST)
    applications = Application.objects.filter(team__in=teams).select_related("team")
    stages = Environment.objects.prefetch_related("windows")
    offered = [stage for stage in stages if offering.is_offered_in(stage.slug)]
    return Guess(actor, offering, list(applications), offered)
