"""Narrowing the catalog."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.db.models import QuerySet

from portal.accounts.models import User
from portal.environments.models import Environment
from services_catalog import selectors
from services_catalog.models import Offering

SELECT = forms.Select(attrs={"class": "form-select"})


class CatalogFilter(forms.Form):
    """All fields are optional; what is not understood filters nothing out."""

    q = forms.CharField(
        required=False,
        max_length=80,
        label="Search",
        widget=forms.TextInput(
            attrs={"class": "form-control", "type": "search", "placeholder": "database, http, team…"}
        ),
    )
    category = forms.ChoiceField(required=False, widget=SELECT)
    tag = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)
    environment = forms.ModelChoiceField(
        Environment.objects.all(),
        required=False,
        to_field_name="slug",
        empty_label="Any environment",
        widget=SELECT,
    )

    def __init__(self, data: Mapping[str, Any], *, user: User) -> None:
        super().__init__(data)
        self._user = user
        choices = [("", "Any category"), *((each, each) for each in selectors.categories(user))]
        self.fields["category"].choices = choices  # type: ignore[attr-defined]

    def matching(self) -> QuerySet[Offering]:
        wanted = self.cleaned_data if self.is_valid() else {}
        environment = wanted.get("environment")
        return selectors.catalog(
            self._user,
            search=wanted.get("q", ""),
            category=wanted.get("category", ""),
            tag=wanted.get("tag", ""),
            environment=environment.slug if environment else "",
        )
