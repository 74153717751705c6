"""Limits of a team's quota as a form: one field for each resource, and why."""

from __future__ import annotations

from collections.abc import Mapping

from django import forms

from portal.core.errors import SlipwayError, ValidationFailed
from portal.lifecycle.models import QuotaPool
from portal.lifecycle.operations.pool_room import RESOURCES, WORDS
from portal.web.forms.decision import AREA, ServiceForm

UNITS = {"cpu": "cores, such as 20 or 500m", "memory": "such as 64Gi", "storage": "such as 500Gi"}


def name_of(resource: str) -> str:
    """A resource as a field's name."""
    return resource.replace(".", "_").replace("/", "_")


class LimitsForm(ServiceForm):
    """What a pool has stands in the fields; what is left as it is stays."""

    reason = forms.CharField(
        required=False, max_length=4000, label="What for?", widget=forms.Textarea(attrs=AREA)
    )

    def __init__(self, data: Mapping[str, str] | None, *, limits: Mapping[str, str], every: bool) -> None:
        """`every`: also resources that are not limited yet."""
        super().__init__(data)
        self.resources = [name for name in RESOURCES if every or name in limits]
        for resource in self.resources:
            self.fields[name_of(resource)] = _field(resource, limits.get(resource, ""))
        self.order_fields([*map(name_of, self.resources), "reason"])

    @property
    def limits(self) -> dict[str, str]:
        return {name: self.cleaned_data[name_of(name)] for name in self.resources}

    def refuse(self, error: SlipwayError) -> None:
        """Put what is said of a resource beside its field."""
        if not isinstance(error, ValidationFailed):
            super().refuse(error)
            return
        for each in error.errors:
            part = each["path"].removeprefix("/limits/").replace("~1", "/").strip("/")
            name = name_of(part)
            self.add_error(name if name in self.fields else None, each["message"])


def _field(resource: str, limit: str) -> forms.CharField:
    unit = next((text for part, text in UNITS.items() if resource.endswith(part)), "a whole number")
    attrs = {"class": "form-control", "autocomplete": "off", "spellcheck": "false"}
    return forms.CharField(
        required=False,
        max_length=30,
        initial=limit,
        label=WORDS[resource],
        help_text=f"{resource}: {unit}",
        widget=forms.TextInput(attrs=attrs),
    )


class CommentForm(ServiceForm):
    """Granting, rejecting or withdrawing: what is needed the service says."""

    comment = forms.CharField(required=False, max_length=2000, widget=forms.Textarea(attrs=AREA))


def of_pool(data: Mapping[str, str] | None, pool: QuotaPool, *, every: bool) -> LimitsForm:
    return LimitsForm(data, limits=pool.limits, every=every)
