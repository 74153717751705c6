"""Narrowing the fleet, and saying that something is on its way out."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet

from portal.environments.models import Environment
from portal.lifecycle.models import ServiceInstance
from portal.lifecycle.selectors import fleet
from portal.web.forms.decision import AREA, ServiceForm
from portal.web.forms.filters import INPUT, SELECT, row_of, teams_of, text_of
from services_catalog.models import Offering

STATES = [
    ("overdue", "Overdue: its version has retired"),
    ("deprecated", "Deprecated"),
    ("behind", "A newer one is on offer"),
    ("newest", "Newest"),
]


class FleetFilter(django_filters.FilterSet):  # type: ignore[misc]  # untyped package
    q = django_filters.CharFilter(method="search", label="Search", widget=forms.TextInput(attrs=INPUT))
    standing = django_filters.ChoiceFilter(
        method="standing_as",
        label="Version is",
        choices=STATES,
        empty_label="Any version",
        widget=forms.Select(attrs=SELECT),
    )
    version = text_of("current_release__offering_version__version", "Version")
    environment = row_of(Environment.objects.all(), "environment", "Any environment")
    team = row_of(teams_of, "application__team", "Any team", "Team")
    offering = row_of(Offering.objects.all(), "offering", "Any offering")

    class Meta:
        model = ServiceInstance
        fields: list[str] = []

    def search(self, rows: QuerySet[ServiceInstance], name: str, value: str) -> QuerySet[ServiceInstance]:
        return rows.filter(Q(name__icontains=value) | Q(application__slug__icontains=value))

    def standing_as(
        self, rows: QuerySet[ServiceInstance], name: str, value: str
    ) -> QuerySet[ServiceInstance]:
        return fleet.narrowed(rows, value)


class DeprecationForm(ServiceForm):
    message = forms.CharField(
        required=False,
        max_length=500,
        label="Why, and what its owners are to do",
        widget=forms.Textarea(attrs=AREA),
    )
    retires_on = forms.DateField(
        required=False,
        label="Retires on (UTC); from that day on nothing is changed within it",
        widget=forms.DateInput(attrs={"class": "form-control", "type": "date"}),
    )
    successor = forms.ChoiceField(
        required=False, label="What to take instead", widget=forms.Select(attrs={"class": "form-select"})
    )

    def __init__(self, *args: Any, successors: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["successor"].choices = [("", "Nothing said"), *successors]  # type: ignore[attr-defined]
