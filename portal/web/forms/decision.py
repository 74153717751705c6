"""A decision on a change, bound to the digest that was on screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from django import forms

from portal.core.errors import SlipwayError, ValidationFailed


class ServiceForm(forms.Form):
    """A form that can take a service's refusal and show it next to its cause.

    `places` says under which field a part is shown that has another name in the service.
    """

    places: ClassVar[Mapping[str, str]] = {}

    def refuse(self, error: SlipwayError) -> None:
        """Put each part of the error beside the field that its path names; the rest above the form."""
        if not isinstance(error, ValidationFailed):
            self.add_error(None, error.message)
            return
        for each in error.errors:
            part = each["path"].strip("/").split("/")[0]
            name = self.places.get(part, part)
            self.add_error(name if name in self.fields else None, each["message"])


class DecisionForm(ServiceForm):
    digest = forms.CharField(max_length=71, widget=forms.HiddenInput)
    comment = forms.CharField(
        required=False,
        max_length=2000,
        label="Comment",
        widget=forms.Textarea(attrs={"class": "form-control", "rows": 3}),
    )


class CancelForm(ServiceForm):
    comment = forms.CharField(
        required=False,
        max_length=2000,
        label="Why (optional)",
        widget=forms.Textarea(attrs={"class": "form-control", "rows": 2}),
    )
