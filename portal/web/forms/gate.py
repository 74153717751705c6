"""The rules of a gate, with what each of them means."""

from __future__ import annotations

from typing import Any

from django import forms

from portal.environments.models import ApproverGroup
from portal.lifecycle.selectors.evidence import KINDS
from portal.lifecycle.services.gate_rules import (
    LONGEST_HOURS,
    LONGEST_MINUTES,
    MOST_APPROVALS,
    NUMBERS,
    RELAXATIONS,
)
from portal.web.forms.decision import AREA, ServiceForm


def _number(
    label: str, least: int, most: int, hint: str = "", *, required: bool = True
) -> forms.IntegerField:
    said = f"A whole number from {least} to {most}."
    return forms.IntegerField(
        label=label,
        help_text=hint,
        required=required,
        min_value=least,
        max_value=most,
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), said),
        widget=forms.NumberInput(attrs={"class": "form-control"}),
    )


def _switch(label: str, hint: str) -> forms.BooleanField:
    return forms.BooleanField(label=label, help_text=hint, required=False)


class GateForm(ServiceForm):
    """`seen` tells the rules that were on screen. Evidence has one field for each kind; empty: not wanted."""

    seen = forms.CharField(max_length=71, required=False, widget=forms.HiddenInput)
    approvals_required = _number(
        "Approvals", 0, MOST_APPROVALS, "How many people have to consent. 0: no gate."
    )
    rollback_approvals_required = _number(
        "Approvals of a rollback",
        0,
        MOST_APPROVALS,
        "The faster path back to what has run here before. Empty: as any other change.",
        required=False,
    )
    approver_groups = forms.ModelMultipleChoiceField(
        ApproverGroup.objects.all(), to_field_name="slug", required=False, label="Groups that decide"
    )
    one_of_each_group = _switch(
        "One of each group", "Somebody of each group has to be among those who approve."
    )
    minimum_soak_minutes = _number(
        "Minimum soak, in minutes",
        *NUMBERS["minimum_soak_minutes"],
        "How long a promoted release must have been healthy without a break in the stage before.",
    )
    reauthenticate = _switch(
        "Password again", "Whoever approves, or breaks the glass, gives the password again."
    )
    changes_expire_after_hours = _number(
        "Waiting ends after, in hours", 1, LONGEST_HOURS, "What nobody decides until then is closed."
    )
    remind_after_hours = _number(
        "Remind after, in hours", 0, LONGEST_HOURS, "Those who may decide are told again. 0: never."
    )
    escalate_after_hours = _number(
        "Escalate after, in hours",
        0,
        LONGEST_HOURS,
        "All operators and platform engineers are told. 0: never.",
    )
    review_within_hours = _number(
        "Review within, in hours",
        *NUMBERS["review_within_hours"],
        "How soon another operator has to review that the glass was broken.",
    )
    supersede_waiting = _switch(
        "Newer replaces waiting",
        "A newer request takes the place of one that waits. Off: it has to wait for it.",
    )
    requester_may_decide = _switch("Whoever asked may approve", "Nobody else has to look at the change then.")
    contributors_may_decide = _switch(
        "Others who took part may approve",
        "Authors of what is promoted, and people whom a service account acts for.",
    )
    requester_may_break_glass = _switch(
        "Whoever asked may break the glass", "One person alone may bring something to run here then."
    )
    reason = forms.CharField(
        max_length=2000,
        label="Why?",
        widget=forms.Textarea(attrs=AREA),
        help_text="Kept in the audit trail. Operators are told of relaxations.",
        error_messages={"required": "Say why: it is kept in the audit trail."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind, label in KINDS.items():
            self.fields[f"evidence_{kind}"] = _number(label, 1, LONGEST_MINUTES, required=False)

    @property
    def evidence(self) -> list[forms.BoundField]:
        return [self[f"evidence_{kind}"] for kind in KINDS]

    @property
    def relaxations(self) -> list[forms.BoundField]:
        return [self[name] for name in RELAXATIONS]

    @property
    def asked(self) -> dict[str, Any]:
        """The rules as the service takes them; of a valid form."""
        given = dict(self.cleaned_data)
        wanted = {kind: given.pop(f"evidence_{kind}") for kind in KINDS}
        return {
            **given,
            "approver_groups": sorted(group.slug for group in given["approver_groups"]),
            "required_evidence": {kind: minutes for kind, minutes in wanted.items() if minutes is not None},
        }
