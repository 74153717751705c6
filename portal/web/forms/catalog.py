"""Narrowing the catalog."""

from __future__ import annotations

from typing import Any

from django import forms

from portal.environments.models import Environment
from services_catalog import selectors

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

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", "Any category"), *((each, each) for each in selectors.categories())]
        self.fields["category"].choices = choices  # type: ignore[attr-defined]

    def matching(self) -> list[selectors.CatalogEntry]:
        wanted = self.cleaned_data if self.is_valid() else {}
        environment = wanted.get("environment")
        return selectors.catalog(
            search=wanted.get("q", ""),
            category=wanted.get("category", ""),
            tag=wanted.get("tag", ""),
            environment=environment.slug if environment else "",
        )
