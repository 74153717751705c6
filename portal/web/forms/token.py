"""A new API token."""

from __future__ import annotations

from django import forms

from portal.web.forms.decision import ServiceForm


class TokenForm(ServiceForm):
    name = forms.CharField(
        max_length=80,
        label="What is it for?",
        widget=forms.TextInput(
            attrs={"class": "form-control", "placeholder": "deploy pipeline of storefront"}
        ),
    )
    days = forms.TypedChoiceField(
        choices=[(7, "7 days"), (30, "30 days"), (90, "90 days")],
        coerce=int,
        initial=30,
        label="Valid for",
        widget=forms.Select(attrs={"class": "form-select"}),
    )
