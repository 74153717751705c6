"""Narrowing lists. Only what exists can be chosen; anything else filters nothing."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest

from portal.accounts.models import Team, User
from portal.audit import selecting
from portal.audit.actions import ACTIONS
from portal.audit.models import AuditEvent
from portal.environments.models import Environment
from portal.lifecycle.models import ChangeRequest, ServiceInstance
from portal.lifecycle.states import ChangeKind, ChangeState, Health
from portal.web.decision import risk
from services_catalog.models import Offering

SELECT = {"class": "form-select", "data-submit-on-change": ""}
INPUT = {"class": "form-control", "type": "search"}
MOMENT = {"class": "form-control", "type": "datetime-local"}


def teams_of(request: HttpRequest | None) -> QuerySet[Team]:
    user = request.user if request else None
    if not isinstance(user, User):
        return Team.objects.none()
    return (
        Team.objects.all()
        if user.access.sees_all_teams
        else Team.objects.filter(pk__in=user.access.team_ids())
    )


def offerings_in_use(request: HttpRequest | None) -> QuerySet[Offering]:
    """Of which something runs: the library has many more."""
    living = ServiceInstance.objects.alive().filter(offering=OuterRef("pk"))
    return Offering.objects.filter(Exists(living)).only("slug", "name")


def choice_of(choices: Any, name: str, anything: str) -> django_filters.ChoiceFilter:
    return django_filters.ChoiceFilter(
        field_name=name, choices=choices, empty_label=anything, widget=forms.Select(attrs=SELECT)
    )


def row_of(rows: Any, name: str, anything: str, label: str | None = None) -> django_filters.ModelChoiceFilter:
    return django_filters.ModelChoiceFilter(
        queryset=rows,
        field_name=name,
        to_field_name="slug",
        label=label,
        empty_label=anything,
        widget=forms.Select(attrs=SELECT),
    )


class ChangeFilter(django_filters.FilterSet):  # type: ignore[misc]  # untyped package
    q = django_filters.CharFilter(method="search", label="Search", widget=forms.TextInput(attrs=INPUT))
    state = choice_of(ChangeState.choices, "state", "Any state")
    kind = choice_of(ChangeKind.choices, "kind", "Any kind")
    environment = row_of(Environment.objects.all(), "environment", "Any environment")
    team = row_of(teams_of, "application__team", "Any team", "Team")

    class Meta:
        model = ChangeRequest
        fields: list[str] = []

    def search(self, rows: QuerySet[ChangeRequest], name: str, value: str) -> QuerySet[ChangeRequest]:
        number = value.lstrip("#")
        by_number = Q(pk=int(number)) if number.isdecimal() and len(number) < 18 else Q()
        return rows.filter(
            Q(name__icontains=value)
            | Q(application__slug__icontains=value)
            | Q(requested_by__username__icontains=value)
            | by_number
        )


class QueueFilter(ChangeFilter):
    """Of what waits: by risk instead of by state."""

    state = None
    risk = django_filters.ChoiceFilter(
        method="risky",
        label="Risk",
        choices=[(name, name.title()) for name in (risk.HIGH, risk.MEDIUM, risk.LOW)],
        empty_label="Any risk",
        widget=forms.Select(attrs=SELECT),
    )

    @property
    def is_filtered(self) -> bool:
        return any(self.data.get(name) for name in self.filters)

    def risky(self, rows: QuerySet[ChangeRequest], name: str, value: str) -> QuerySet[ChangeRequest]:
        least, below = risk.bounds(value)
        return rows.filter(risk__gte=least, risk__lt=below)


class InstanceFilter(django_filters.FilterSet):  # type: ignore[misc]  # untyped package
    q = django_filters.CharFilter(method="search", label="Search", widget=forms.TextInput(attrs=INPUT))
    health = choice_of(Health.choices, "health", "Any health")
    offering = row_of(offerings_in_use, "offering", "Any offering")
    environment = row_of(Environment.objects.all(), "environment", "Any environment")
    team = row_of(teams_of, "application__team", "Any team", "Team")

    class Meta:
        model = ServiceInstance
        fields: list[str] = []

    def search(self, rows: QuerySet[ServiceInstance], name: str, value: str) -> QuerySet[ServiceInstance]:
        return rows.filter(Q(name__icontains=value) | Q(application__slug__icontains=value))


def text_of(name: str, label: str) -> django_filters.CharFilter:
    return django_filters.CharFilter(field_name=name, label=label, widget=forms.TextInput(attrs=INPUT))


def moment_of(lookup: str, label: str) -> django_filters.IsoDateTimeFilter:
    return django_filters.IsoDateTimeFilter(
        field_name="at", lookup_expr=lookup, label=label, widget=forms.DateTimeInput(attrs=MOMENT)
    )


class AuditFilter(django_filters.FilterSet):  # type: ignore[misc]  # untyped package
    q = django_filters.CharFilter(method="saying", label="Search", widget=forms.TextInput(attrs=INPUT))
    action = django_filters.ChoiceFilter(
        method="doing",
        choices=[
            *((f"{noun}.", f"{noun}: all") for noun in selecting.NOUNS),
            *((each, each) for each in ACTIONS),
        ],
        empty_label="Any action",
        widget=forms.Select(attrs=SELECT),
    )
    actor = text_of("actor_name", "By")
    source = choice_of(AuditEvent.Source.choices, "source", "Any door")
    team = row_of(teams_of, "team", "Any team")
    on_behalf_of = text_of("on_behalf_of_name", "On behalf of")
    since = moment_of("gte", "From (UTC)")
    until = moment_of("lt", "Before (UTC)")
    object_type = text_of("object_type", "Kind of thing")
    object_id = text_of("object_id", "Its id")
    request_id = text_of("request_id", "Request id")

    more = ("on_behalf_of", "since", "until", "object_type", "object_id", "request_id")

    class Meta:
        model = AuditEvent
        fields: list[str] = []

    def saying(self, rows: QuerySet[AuditEvent], name: str, value: str) -> QuerySet[AuditEvent]:
        return selecting.saying(rows, value)

    def doing(self, rows: QuerySet[AuditEvent], name: str, value: str) -> QuerySet[AuditEvent]:
        return selecting.of_action(rows, value)

    @property
    def beside(self) -> list[forms.BoundField]:
        """Those that are folded away until one of them is used."""
        return [self.form[name] for name in self.more]

    @property
    def uses_more(self) -> bool:
        return any(self.data.get(name) for name in self.more)
