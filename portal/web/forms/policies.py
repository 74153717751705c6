"""Forms about policies: narrowing the library, choosing a mode, pasting documents."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms

from portal.lifecycle.selectors.policies import Entry, EnvironmentMode
from portal.lifecycle.services.policy_modes import FOLDER
from portal.policy.modes import MODES
from portal.policy.types import SEVERITIES
from portal.web import meanings
from portal.web.forms.decision import ServiceForm

SKELETON = "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicy\n…"
SELECT = {"class": "form-select"}
FOUND = [("", "Anything"), ("violations", "With violations"), ("exceptions", "With exceptions")]


def _choice(label: str, choices: Any) -> forms.ChoiceField:
    return forms.ChoiceField(
        required=False, label=label, choices=choices, widget=forms.Select(attrs=dict(SELECT))
    )


class PolicyFilter(forms.Form):
    """All fields are optional; what is not understood filters nothing out."""

    q = forms.CharField(
        required=False,
        max_length=80,
        label="Search",
        widget=forms.TextInput(
            attrs={
                "class": "form-control",
                "type": "search",
                "placeholder": "image, root, PSS…",
                "autocomplete": "off",
            }
        ),
    )
    category = _choice("Category", [("", "Any category")])
    severity = _choice(
        "Severity", [("", "Any severity"), *((each, each.title()) for each in reversed(SEVERITIES))]
    )
    mode = _choice("Mode", [("", "Any mode"), *((each, meanings.MODES[each][1]) for each in reversed(MODES))])
    found = _choice("Finds", FOUND)

    def __init__(self, *args: Any, categories: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["category"].choices = [  # type: ignore[attr-defined]
            ("", "Any category"),
            *((each, each) for each in categories),
        ]

    @property
    def asked(self) -> dict[str, str]:
        """What the selector of the library is to look for."""
        return {
            "search": self._wanted.get("q", ""),
            **{name: self._wanted.get(name, "") for name in ("category", "severity", "mode")},
        }

    def matches(self, entry: Entry) -> bool:
        """Whether it finds what was wanted."""
        found = self._wanted.get("found")
        return (found != "violations" or entry.violations > 0) and (
            found != "exceptions" or entry.exceptions > 0
        )

    @property
    def _wanted(self) -> dict[str, Any]:
        """What was understood; a field that was not is left out."""
        self.is_valid()
        return self.cleaned_data


class ModeForm(ServiceForm):
    """Where, and which mode."""

    environment = forms.ChoiceField(
        widget=forms.RadioSelect, error_messages={"required": "Choose an environment."}
    )
    mode = forms.ChoiceField(
        choices=[
            *((each, meanings.MODES[each][1]) for each in reversed(MODES)),
            (FOLDER, "As in the folder"),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose a mode."},
    )

    def __init__(self, *args: Any, modes: Iterable[EnvironmentMode], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["environment"].choices = [  # type: ignore[attr-defined]
            (each.environment.slug, each.environment.name) for each in modes
        ]


class ConfirmModeForm(ServiceForm):
    """Why. `seen` is the mode that was on screen."""

    seen = forms.CharField(required=False, max_length=10, widget=forms.HiddenInput)
    reason = forms.CharField(
        required=False,
        max_length=2000,
        label="Why?",
        widget=forms.Textarea(attrs={"class": "form-control", "rows": 3}),
    )


class ProposalForm(ServiceForm):
    """Policies that somebody thinks of making."""

    yaml = forms.CharField(
        required=False,
        label="ValidatingAdmissionPolicy documents",
        strip=False,
        widget=forms.Textarea(
            attrs={
                "class": "form-control mono yaml",
                "rows": 18,
                "spellcheck": "false",
                "autocapitalize": "none",
                "placeholder": SKELETON,
            }
        ),
    )
    places = {"modes": "yaml", "documents": "yaml"}
