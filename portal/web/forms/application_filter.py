"""Narrowing the list of applications."""

from __future__ import annotations

import django_filters
from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet

from portal.lifecycle.models import Application, ServiceInstance
from portal.lifecycle.states import Health
from portal.web.forms.filters import INPUT, SELECT, row_of, teams_of


class ApplicationFilter(django_filters.FilterSet):  # type: ignore[misc]  # untyped package
    q = django_filters.CharFilter(method="search", label="Search", widget=forms.TextInput(attrs=INPUT))
    health = django_filters.ChoiceFilter(
        method="having",
        label="Health",
        choices=[each for each in Health.choices if each[0] != Health.QUIET],
        empty_label="Any health",
        widget=forms.Select(attrs=SELECT),
    )
    team = row_of(teams_of, "team", "Any team", "Team")

    class Meta:
        model = Application
        fields: list[str] = []

    def search(self, rows: QuerySet[Application], name: str, value: str) -> QuerySet[Application]:
        return rows.filter(Q(slug__icontains=value) | Q(name__icontains=value))

    def having(self, rows: QuerySet[Application], name: str, value: str) -> QuerySet[Application]:
        """Those of which something is so."""
        living = ServiceInstance.objects.alive().filter(application=OuterRef("pk"), health=value)
        return rows.filter(Exists(living))
