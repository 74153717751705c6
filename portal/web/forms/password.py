"""Another password for oneself."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.password_validation import password_validators_help_texts
from django.utils.functional import lazystr

from portal.accounts.passwords import LONGEST
from portal.web.forms.decision import ServiceForm


def _password(label: str, autocomplete: str, **more: Any) -> forms.CharField:
    """May be pasted, and filled in by a password manager."""
    widget = forms.PasswordInput(attrs={"class": "form-control", "autocomplete": autocomplete})
    return forms.CharField(label=label, strip=False, max_length=LONGEST, widget=widget, **more)


class PasswordForm(ServiceForm):
    current = _password("Your present password", "current-password")
    new = _password("The new one", "new-password")
    again = _password("The new one again", "new-password")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["new"].help_text = lazystr(" ".join(password_validators_help_texts()))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("new") and data.get("again") and data["new"] != data["again"]:
            self.add_error("again", "The two are not the same.")
        return data

    def for_service(self) -> dict[str, str]:
        return {"current": self.cleaned_data["current"], "new": self.cleaned_data["new"]}
