"""Forms about policy exceptions: asking, deciding, ending, narrowing the list."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet

from portal.core import clock
from portal.environments.models import Environment
from portal.lifecycle.models import PolicyException
from portal.lifecycle.states import ExceptionState
from portal.web.forms.decision import ServiceForm
from portal.web.forms.filters import INPUT, choice_of, row_of, teams_of

TEXT = {"class": "form-control", "rows": 3, "maxlength": 4000}


class ExceptionFilter(django_filters.FilterSet):  # type: ignore[misc]  # untyped package
    q = django_filters.CharFilter(method="search", label="Search", widget=forms.TextInput(attrs=INPUT))
    state = choice_of(ExceptionState.choices, "state", "Any state")
    severity = choice_of(PolicyException._meta.get_field("severity").choices, "severity", "Any severity")
    environment = row_of(Environment.objects.all(), "environment", "Any environment")
    team = row_of(teams_of, "application__team", "Any team", "Team")

    class Meta:
        model = PolicyException
        fields: list[str] = []

    def search(self, rows: QuerySet[PolicyException], name: str, value: str) -> QuerySet[PolicyException]:
        number = value.lstrip("#")
        by_number = Q(pk=int(number)) if number.isdecimal() and len(number) < 18 else Q()
        return rows.filter(
            Q(policy__icontains=value)
            | Q(application__slug__icontains=value)
            | Q(instance_name__icontains=value)
            | Q(requested_by__username__icontains=value)
            | by_number
        )


class RequestForm(ServiceForm):
    """`finding` is a policy with the kind and name of the object, as the address has them."""

    finding = forms.ChoiceField(label="From", widget=forms.Select(attrs={"class": "form-select"}))
    scope = forms.ChoiceField(
        label="For",
        choices=[
            ("object", "This object"),
            ("instance", "This instance"),
            ("namespace", "The whole namespace"),
        ],
        initial="object",
        widget=forms.RadioSelect,
    )
    days = forms.CharField(
        required=False,
        label="For how many days",
        max_length=5,
        widget=forms.TextInput(
            attrs={"class": "form-control", "inputmode": "numeric", "autocomplete": "off"}
        ),
    )
    reason = forms.CharField(
        required=False,
        max_length=4000,
        label="Why, and what will be done about it",
        widget=forms.Textarea(attrs=TEXT),
    )
    # where the service's errors belong
    places = {"policy": "finding", "kind": "finding", "name": "finding"}

    def __init__(self, *args: Any, findings: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["finding"].choices = list(findings)  # type: ignore[attr-defined]


class DecideForm(ServiceForm):
    """Granting, rejecting or ending: what is needed the service says."""

    comment = forms.CharField(required=False, max_length=2000, widget=forms.Textarea(attrs=TEXT))
    days = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=10_000,
        error_messages={"invalid": "A whole number of days, or nothing for the end that was asked for."},
    )
    places = {"expires_at": "days"}

    @property
    def expires_at(self) -> Any:
        """The nearer end, or None for the one that was asked for."""
        days = self.cleaned_data.get("days")
        return clock.now() + timedelta(days=days) if days else None
