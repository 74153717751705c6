"""Registering an application."""

from __future__ import annotations

from typing import Any

from django import forms

from portal.accounts.models import Team, User
from portal.accounts.roles import Verb
from portal.web.forms.decision import ServiceForm


class ApplicationForm(ServiceForm):
    team = forms.ModelChoiceField(
        Team.objects.none(), empty_label=None, widget=forms.Select(attrs={"class": "form-select"})
    )
    slug = forms.CharField(
        max_length=30,
        label="Short name",
        help_text="Lower case letters, digits and '-'. Namespaces are named after it, and it cannot change.",
        widget=forms.TextInput(attrs={"class": "form-control mono", "spellcheck": "false"}),
    )
    name = forms.CharField(max_length=80, widget=forms.TextInput(attrs={"class": "form-control"}))
    description = forms.CharField(
        required=False, max_length=300, widget=forms.Textarea(attrs={"class": "form-control", "rows": 2})
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].queryset = managed_teams(user)  # type: ignore[attr-defined]


def managed_teams(user: User) -> Any:
    """Teams for which this person may register applications."""
    return Team.objects.filter(pk__in=user.access.team_ids(Verb.MANAGE_TEAM))
