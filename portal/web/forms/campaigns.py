"""Forms about upgrade campaigns: preparing, answering, and narrowing what is in one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC
from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet

from portal.accounts.models import Team
from portal.environments.models import Environment
from portal.lifecycle.campaign_states import ItemState, Mode
from portal.lifecycle.models import CampaignItem
from portal.lifecycle.models.campaign import MOST_AT_ONCE
from portal.lifecycle.services.campaigns.answering import AGREE, DECLINE
from portal.web.forms.decision import AREA, ServiceForm
from portal.web.forms.filters import INPUT, choice_of, row_of, teams_of

CONTROL = {"class": "form-control"}
MODES = [("", "Not now"), *Mode.choices]


def moment_field(label: str) -> forms.DateTimeField:
    formats = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S"]
    widget = forms.DateTimeInput(attrs={**CONTROL, "type": "datetime-local"})
    return forms.DateTimeField(required=False, label=label, input_formats=formats, widget=widget)


def number_field(label: str, most: int, initial: int | None = None) -> forms.IntegerField:
    return forms.IntegerField(
        required=False,
        label=label,
        min_value=1,
        max_value=most,
        initial=initial,
        widget=forms.NumberInput(attrs={**CONTROL, "min": 1, "max": most}),
    )


class CampaignForm(ServiceForm):
    """`environments` each have a field of their own, `mode_<slug>`; moments are UTC."""

    title = forms.CharField(
        required=False, max_length=120, label="Title", widget=forms.TextInput(attrs=CONTROL)
    )
    reason = forms.CharField(
        required=False, max_length=2000, label="Why? Teams read it", widget=forms.Textarea(attrs=AREA)
    )
    version = forms.ChoiceField(label="Upgrade to", widget=forms.Select(attrs={"class": "form-select"}))
    teams = forms.ModelMultipleChoiceField(
        queryset=Team.objects.none(),
        required=False,
        to_field_name="slug",
        label="Only these teams",
        widget=forms.SelectMultiple(attrs={"class": "form-select", "size": 5}),
    )
    from_versions = forms.MultipleChoiceField(
        required=False,
        label="Only what runs these versions",
        widget=forms.SelectMultiple(attrs={"class": "form-select", "size": 5}),
    )
    at_once = number_field("Changes under way at once, at most", MOST_AT_ONCE, 5)
    max_failures = number_field("Stops itself at so many failures", 1000, 1)
    max_failure_percent = number_field("… or at this share of failures, in percent", 100)
    answer_by = moment_field("Teams may answer until (UTC)")

    def __init__(
        self,
        *args: Any,
        environments: Iterable[Environment],
        versions: Iterable[str],
        older: Iterable[str],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.environments = list(environments)
        self.fields["version"].choices = [(each, each) for each in versions]  # type: ignore[attr-defined]
        self.fields["from_versions"].choices = [(e, e) for e in older]  # type: ignore[attr-defined]
        self.fields["teams"].queryset = Team.objects.order_by("name")  # type: ignore[attr-defined]
        for environment in self.environments:
            self.fields[f"mode_{environment.slug}"] = forms.ChoiceField(
                required=False, label=environment.name, choices=MODES, widget=forms.RadioSelect
            )

    @property
    def modes(self) -> list[tuple[Environment, forms.BoundField]]:
        return [(each, self[f"mode_{each.slug}"]) for each in self.environments]

    def data_for(self, offering: str) -> dict[str, Any]:
        """As the service wants it."""
        found = self.cleaned_data
        names = ("title", "reason", "version", "at_once", "max_failures", "max_failure_percent")
        answer_by = found.get("answer_by")
        return {
            **{name: found.get(name) for name in names},
            "offering": offering,
            "environments": [
                {"environment": each.slug, "mode": mode}
                for each in self.environments
                if (mode := found.get(f"mode_{each.slug}"))
            ],
            "teams": [team.slug for team in found.get("teams") or ()],
            "from_versions": found.get("from_versions") or [],
            "answer_by": answer_by.replace(tzinfo=UTC) if answer_by else None,
        }


class AnswerForm(ServiceForm):
    answer = forms.ChoiceField(
        label="Your answer",
        choices=[(AGREE, "Upgrade it"), (DECLINE, "Do not upgrade it")],
        initial=AGREE,
        widget=forms.RadioSelect,
    )
    not_before = moment_field("Not before (UTC), if not at once")
    comment = forms.CharField(
        required=False, max_length=400, label="Comment; needed to decline", widget=forms.Textarea(attrs=AREA)
    )

    @property
    def said(self) -> dict[str, Any]:
        moment = self.cleaned_data.get("not_before")
        return {**self.cleaned_data, "not_before": moment.replace(tzinfo=UTC) if moment else None}


class SteerForm(ServiceForm):
    comment = forms.CharField(required=False, max_length=250)


class ItemFilter(django_filters.FilterSet):  # type: ignore[misc]  # untyped package
    q = django_filters.CharFilter(method="search", label="Search", widget=forms.TextInput(attrs=INPUT))
    state = choice_of(ItemState.choices, "state", "Any state")
    environment = row_of(Environment.objects.all(), "stage__environment", "Any environment", "Environment")
    team = row_of(teams_of, "instance__application__team", "Any team", "Team")

    class Meta:
        model = CampaignItem
        fields: list[str] = []

    def search(self, rows: QuerySet[CampaignItem], name: str, value: str) -> QuerySet[CampaignItem]:
        return rows.filter(
            Q(instance__name__icontains=value) | Q(instance__application__slug__icontains=value)
        )
