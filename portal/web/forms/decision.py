"""What people do with a change, each bound to the digest that was on screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from django import forms

from portal.core.errors import ReauthenticationRequired, SlipwayError, ValidationFailed
from portal.lifecycle.models import BreakGlass

AREA = {"class": "form-control", "rows": 3}


class ServiceForm(forms.Form):
    """A form that can take a service's refusal and show it next to its cause.

    `places` says under which field a part is shown that has another name in the service.
    """

    places: ClassVar[Mapping[str, str]] = {}

    def refuse(self, error: SlipwayError) -> None:
        """Put each part of the error beside the field that its path names; the rest above the form."""
        if isinstance(error, ReauthenticationRequired) and "password" in self.fields:
            self.add_error("password", error.message)
            return
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
        required=False, max_length=2000, label="Comment", widget=forms.Textarea(attrs=AREA)
    )


class ApproveForm(DecisionForm):
    """`password` where the gate wants it again; it is never shown again."""

    password = forms.CharField(required=False, max_length=200, strip=False, widget=forms.PasswordInput)


class CommentForm(ServiceForm):
    digest = forms.CharField(max_length=71, required=False, widget=forms.HiddenInput)
    text = forms.CharField(required=False, max_length=4000, widget=forms.Textarea(attrs=AREA))


class CancelForm(ServiceForm):
    comment = forms.CharField(
        required=False,
        max_length=2000,
        label="Why (optional)",
        widget=forms.Textarea(attrs={"class": "form-control", "rows": 2}),
    )


class BreakGlassForm(ServiceForm):
    """`confirm` is the environment's name, typed: nobody does this by slipping."""

    digest = forms.CharField(max_length=71, widget=forms.HiddenInput)
    reason = forms.CharField(required=False, max_length=2000, widget=forms.Textarea(attrs=AREA))
    confirm = forms.CharField(required=False, max_length=80)
    password = forms.CharField(required=False, max_length=200, strip=False, widget=forms.PasswordInput)


class ReviewForm(ServiceForm):
    review = forms.ChoiceField(
        choices=BreakGlass.Review.choices,
        error_messages={
            "required": "Say whether it was justified.",
            "invalid_choice": "Say whether it was justified.",
        },
    )
    comment = forms.CharField(required=False, max_length=2000, widget=forms.Textarea(attrs=AREA))


class Chosen(forms.MultipleChoiceField):
    """Any number of rows, whichever they are: what is not there is found out when it is acted on."""

    def valid_value(self, value: object) -> bool:
        return True


class BulkForm(ServiceForm):
    """Several waiting changes: `rows` as "id:digest", as they were on screen."""

    rows = Chosen(
        error_messages={
            "required": "Choose at least one change.",
            "invalid_list": "Choose changes of the list.",
        }
    )
    comment = forms.CharField(
        max_length=2000,
        strip=True,
        error_messages={"required": "Say why, so that those who asked know what to do."},
    )

    def clean_rows(self) -> list[tuple[int, str]]:
        found = []
        for each in self.cleaned_data["rows"]:
            number, _, digest = each.partition(":")
            if number.isascii() and number.isdecimal() and len(number) < 18:
                found.append((int(number), digest[:71]))
        return found
