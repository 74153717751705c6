"""The name to type."""

from __future__ import annotations

from django import forms

from portal.web.forms.decision import ServiceForm


class RetireForm(ServiceForm):
    confirm = forms.CharField(
        max_length=60,
        label="Type its name to confirm",
        widget=forms.TextInput(
            attrs={"class": "form-control mono", "autocomplete": "off", "spellcheck": "false"}
        ),
    )
    reason = forms.CharField(
        required=False,
        max_length=2000,
        label="Why? (optional)",
        widget=forms.Textarea(attrs={"class": "form-control", "rows": 2}),
    )
