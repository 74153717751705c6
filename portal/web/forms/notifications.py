"""What a person wants by e-mail, and until when notices count as read."""

from __future__ import annotations

from django import forms

from portal.audit.models import NotificationPreference
from portal.web.forms.decision import ServiceForm


class PreferenceForm(ServiceForm):
    email = forms.ChoiceField(
        choices=NotificationPreference.Email.choices,
        label="Send me",
        widget=forms.Select(attrs={"class": "form-select"}),
    )


class ReadAllForm(ServiceForm):
    until = forms.DateTimeField(
        required=False, input_formats=["%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%dT%H:%M:%S%z"]
    )
