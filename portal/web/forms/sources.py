"""A source of charts, added or changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms

from portal.web.forms.decision import AREA, ServiceForm
from services_catalog.models import ChartSource, SourceKind

CONTROL = {"class": "form-control", "autocomplete": "off"}
EXACT = {**CONTROL, "class": "form-control mono", "spellcheck": "false", "autocapitalize": "none"}
KINDS = [(each.value, each.label) for each in SourceKind if each != SourceKind.TREE]
CHECK = forms.CheckboxInput(attrs={"class": "form-check-input"})


class SourceForm(ServiceForm):
    """With `source` it is changed: its slug and kind stay. The stored secret is never shown."""

    places: ClassVar[Mapping[str, str]] = {"interval_seconds": "interval_minutes"}
    name = forms.CharField(
        max_length=80,
        label="Name",
        widget=forms.TextInput(attrs=CONTROL),
        error_messages={"required": "Give it a name that people know it by."},
    )
    slug = forms.CharField(
        max_length=60,
        label="Slug",
        help_text="As addresses and automation name it, such as bitnami.",
        widget=forms.TextInput(attrs=EXACT),
        error_messages={"required": "Give it a slug, such as bitnami."},
    )
    kind = forms.ChoiceField(
        choices=KINDS,
        label="Kind",
        widget=forms.Select(attrs={"class": "form-select"}),
        error_messages={"required": "Choose what it is."},
    )
    url = forms.CharField(
        max_length=500,
        label="Address",
        help_text="https://…, of a registry oci://…",
        widget=forms.TextInput(attrs={**EXACT, "inputmode": "url"}),
        error_messages={"required": "Give its address."},
    )
    charts = forms.CharField(
        required=False,
        max_length=100_000,
        label="Charts",
        help_text="One a line. Helm repository: names or patterns such as ingress-*, empty for all. "
        "Registry: repositories. Git: folders.",
        widget=forms.Textarea(attrs={**AREA, "class": "form-control mono", "spellcheck": "false"}),
    )
    branch = forms.CharField(
        required=False,
        max_length=200,
        label="Branch or tag (Git)",
        widget=forms.TextInput(attrs=EXACT),
    )
    newest = forms.IntegerField(
        initial=10,
        min_value=1,
        max_value=100,
        label="Newest versions of each chart",
        widget=forms.TextInput(attrs={**CONTROL, "inputmode": "numeric"}),
    )
    interval_minutes = forms.IntegerField(
        initial=60,
        min_value=1,
        max_value=43_200,
        label="Look every … minutes",
        widget=forms.TextInput(attrs={**CONTROL, "inputmode": "numeric"}),
    )
    prereleases = forms.BooleanField(required=False, label="Take pre-releases too", widget=CHECK)
    enabled = forms.BooleanField(required=False, initial=True, label="Look for new versions", widget=CHECK)
    username = forms.CharField(
        required=False, max_length=200, label="User name", widget=forms.TextInput(attrs=EXACT)
    )
    secret = forms.CharField(
        required=False,
        max_length=8000,
        label="Password or token",
        strip=False,
        help_text="Stored encrypted, never shown again.",
        widget=forms.PasswordInput(attrs={"class": "form-control", "autocomplete": "new-password"}),
    )
    forget_secret = forms.BooleanField(required=False, label="Forget the stored one", widget=CHECK)
    requires_provenance = forms.BooleanField(
        required=False, label="Take only what is signed by a key below", widget=CHECK
    )
    keyring = forms.CharField(
        required=False,
        max_length=200_000,
        label="Public OpenPGP keys",
        help_text="In ASCII armour; signatures are checked against them.",
        widget=forms.Textarea(attrs={**AREA, "class": "form-control mono", "spellcheck": "false"}),
    )

    def __init__(self, data: Any = None, *, source: ChartSource | None = None) -> None:
        super().__init__(data, initial=shown(source) if source else {})
        self.source = source
        if source is None:
            del self.fields["forget_secret"]
            return
        del self.fields["slug"], self.fields["kind"]
        if source.secret:
            self.fields["secret"].help_text = "One is stored. Leave it empty to keep it."
        else:
            del self.fields["forget_secret"]

    def clean_charts(self) -> list[str]:
        return str(self.cleaned_data["charts"]).split()

    @property
    def wishes(self) -> dict[str, Any]:
        """What the service wants to hear. Needs a valid form."""
        typed = dict(self.cleaned_data)
        typed["interval_seconds"] = typed.pop("interval_minutes") * 60
        forget = typed.pop("forget_secret", False)
        if self.source is not None:
            typed["secret"] = "" if forget else (typed["secret"] or None)
        return typed

    @property
    def advanced(self) -> bool:
        """Whether something under "More" is set or wrong."""
        names = ("branch", "prereleases", "username", "secret", "requires_provenance", "keyring")
        set_already = self.source is not None and any(getattr(self.source, name) for name in names)
        return set_already or any(name in self.errors for name in (*names, "newest", "interval_minutes"))


def shown(source: ChartSource) -> dict[str, Any]:
    names = ("name", "url", "branch", "newest", "prereleases", "enabled", "username", "keyring")
    return {
        **{name: getattr(source, name) for name in (*names, "requires_provenance")},
        "charts": "\n".join(source.charts),
        "interval_minutes": max(1, source.interval_seconds // 60),
    }


class RemoveSourceForm(ServiceForm):
    """`confirm` is the slug, typed: nobody does this by slipping."""

    confirm = forms.CharField(
        required=False, max_length=60, label="Type its slug", widget=forms.TextInput(attrs=EXACT)
    )
