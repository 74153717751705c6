"""Forms about drift: narrowing the list, and letting some of it be."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet

from portal.environments.models import Environment
from portal.lifecycle.models import DriftReport
from portal.web.forms.decision import AREA, ServiceForm
from portal.web.forms.filters import INPUT, SELECT, row_of, teams_of

Status = DriftReport.Status
SHOWN = [
    ("drifted", "Drifted"),
    ("tolerated", "Tolerated"),
    ("unknown", "Not known"),
    ("in_step", "As sealed"),
    ("all", "All"),
]


class DriftFilter(django_filters.FilterSet):  # type: ignore[misc]  # untyped package
    """Without a choice: whatever somebody may have to mind."""

    q = django_filters.CharFilter(method="search", label="Search", widget=forms.TextInput(attrs=INPUT))
    status = django_filters.ChoiceFilter(
        method="by_status",
        label="Status",
        choices=SHOWN,
        empty_label="To be minded",
        widget=forms.Select(attrs=SELECT),
    )
    environment = row_of(Environment.objects.all(), "instance__environment", "Any environment", "Environment")
    team = row_of(teams_of, "instance__application__team", "Any team", "Team")

    class Meta:
        model = DriftReport
        fields: list[str] = []

    def filter_queryset(self, queryset: QuerySet[DriftReport]) -> QuerySet[DriftReport]:
        rows: QuerySet[DriftReport] = super().filter_queryset(queryset)
        chosen = self.form.cleaned_data.get("status")
        return rows if chosen else rows.exclude(status=Status.IN_STEP, tolerated=0)

    def search(self, rows: QuerySet[DriftReport], name: str, value: str) -> QuerySet[DriftReport]:
        return rows.filter(
            Q(instance__name__icontains=value) | Q(instance__application__slug__icontains=value)
        )

    def by_status(self, rows: QuerySet[DriftReport], name: str, value: str) -> QuerySet[DriftReport]:
        if value == "tolerated":
            return rows.filter(tolerated__gt=0)
        return rows if value == "all" else rows.filter(status=value)


class TolerateForm(ServiceForm):
    """`until` is a day, and holds to its end (UTC)."""

    until = forms.DateField(
        label="Until the end of",
        widget=forms.DateInput(attrs={"class": "form-control", "type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": "Choose a day.", "invalid": "Write the day as 2027-01-31."},
    )
    scope = forms.ChoiceField(
        label="For what?",
        choices=[("field", "This field"), ("object", "The whole object")],
        initial="field",
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        required=False,
        max_length=2000,
        label="Why, and what will be done about it",
        widget=forms.Textarea(attrs=AREA),
    )
    places = {"path": "scope"}

    @property
    def moment(self) -> datetime:
        day: Any = self.cleaned_data["until"]
        return datetime.combine(day, time(23, 59, 59), tzinfo=UTC)
