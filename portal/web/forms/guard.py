"""Setting the guard around a gate."""

from __future__ import annotations

from django import forms

from portal.environments.models import Environment
from portal.web.forms.decision import AREA, ServiceForm


class GuardForm(ServiceForm):
    """`seen` is the mode that was on screen."""

    seen = forms.CharField(required=False, max_length=5, widget=forms.HiddenInput)
    mode = forms.ChoiceField(
        choices=Environment.Guard.choices,
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose what the cluster shall do.",
            "invalid_choice": "Choose what the cluster shall do.",
        },
    )
    reason = forms.CharField(
        max_length=2000,
        label="Why?",
        widget=forms.Textarea(attrs=AREA),
        help_text="Kept in the audit trail.",
        error_messages={"required": "Say why: it is kept in the audit trail."},
    )
    controllers = forms.CharField(
        required=False,
        max_length=16_000,
        label="Operators that may write too",
        widget=forms.Textarea(attrs={**AREA, "class": "form-control mono", "spellcheck": "false"}),
        help_text="Their service accounts, one a line: system:serviceaccount:NAMESPACE:NAME. Kubernetes' own "
        "controllers may write anyway.",
    )

    def clean_controllers(self) -> list[str]:
        return str(self.cleaned_data["controllers"]).split()
