"""The facts of an offering that is made of an imported chart; the rest of its declaration is YAML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms

from portal.environments.models import Environment
from portal.web.forms.decision import ServiceForm

CONTROL = {"class": "form-control", "autocomplete": "off"}
TEXTS = ("name", "summary", "category", "owner", "description", "when_not_to_use")


def _text(label: str, most: int, need: str, help_text: str = "", *, mono: bool = False) -> forms.CharField:
    classes = "form-control mono" if mono else "form-control"
    return forms.CharField(
        max_length=most,
        label=label,
        help_text=help_text,
        widget=forms.TextInput(attrs={**CONTROL, "class": classes}),
        error_messages={"required": need},
    )


def _area(label: str, need: str, rows: int) -> forms.CharField:
    return forms.CharField(
        max_length=20_000,
        label=label,
        help_text="Markdown.",
        widget=forms.Textarea(attrs={"class": "form-control", "rows": rows}),
        error_messages={"required": need},
    )


class PublishForm(ServiceForm):
    """`declaration` is YAML: plans, short_form, locked_values, marks and whatever else a version may say."""

    places: ClassVar[Mapping[str, str]] = {"versions": "declaration", "provides": "declaration"}
    offering = _text(
        "Offering", 60, "Give it a slug, such as postgresql.", "Its slug in the catalog.", mono=True
    )
    name = _text("Name", 80, "Give it a name.")
    summary = _text("In one sentence", 200, "Say in one sentence what it is.")
    category = _text("Category", 40, "Say where in the catalog it stands.")
    owner = _text("Owner", 80, "Say whom to ask about it.")
    tags = forms.CharField(
        required=False,
        max_length=600,
        label="Tags",
        help_text="With commas between.",
        widget=forms.TextInput(attrs=CONTROL),
    )
    description = _area("What it is", "Say what it is.", 5)
    when_not_to_use = _area("When not to use it", "Say when something else is better.", 3)
    cluster_scoped = forms.BooleanField(
        required=False,
        label="It may hold objects beyond its own namespace",
        help_text="It is then applied with the portal's own rights, not with those of the team's namespace.",
        widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
    )
    environments = forms.MultipleChoiceField(
        required=False,
        label="Only in",
        help_text="None chosen: everywhere.",
        widget=forms.CheckboxSelectMultiple,
    )
    declaration = forms.CharField(
        max_length=200_000,
        label="Plans and settings as YAML",
        widget=forms.Textarea,
        error_messages={"required": "Give at least one plan."},
    )

    def __init__(self, data: Any = None, *, initial: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, initial=dict(initial or {}))
        choices = Environment.objects.order_by("order").values_list("slug", "name")
        self.fields["environments"].choices = list(choices)  # type: ignore[attr-defined]

    @property
    def facts(self) -> dict[str, Any]:
        """As a file of the library says them. Needs a valid form."""
        typed = self.cleaned_data
        tags = [each.strip() for each in typed["tags"].split(",") if each.strip()]
        return {
            "offering": typed["offering"].strip(),
            **{name: typed[name] for name in TEXTS},
            **({"tags": tags} if tags else {}),
            **({"environments": typed["environments"]} if typed["environments"] else {}),
            **({"cluster_scoped": True} if typed["cluster_scoped"] else {}),
        }
