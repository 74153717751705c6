"""The name to type before the policies leave a cluster."""

from __future__ import annotations

from typing import Any

from django import forms

from portal.web.forms.decision import ServiceForm


class RemovePoliciesForm(ServiceForm):
    confirm = forms.CharField(
        required=False,
        max_length=60,
        label="Type its short name to confirm",
        widget=forms.TextInput(
            attrs={"class": "form-control mono", "autocomplete": "off", "spellcheck": "false"}
        ),
    )

    def __init__(self, *args: Any, slug: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.slug = slug

    def clean_confirm(self) -> str:
        typed = str(self.cleaned_data["confirm"]).strip()
        if typed != self.slug:
            raise forms.ValidationError(f"Type {self.slug}, the cluster's short name.")
        return typed
