"""The rules of a gate."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from portal.api.v1.serializers import Strict
from portal.environments.models import Environment
from portal.lifecycle.selectors.evidence import KINDS
from portal.lifecycle.services.gate_rules import LONGEST_HOURS, LONGEST_MINUTES, MOST_APPROVALS

EVIDENCE = "{kind: how old it may be, in minutes}. Kinds: " + ", ".join(KINDS) + "."


class GateSerializer(serializers.ModelSerializer[Environment]):
    """What has to be true before a change may run; docs/gate.md says what each of these means."""

    approver_groups = serializers.SlugRelatedField("slug", many=True, read_only=True)  # type: ignore[var-annotated]
    required_evidence = serializers.DictField(child=serializers.IntegerField(), help_text=EVIDENCE)

    class Meta:
        model = Environment
        fields = (
            "approvals_required",
            "rollback_approvals_required",
            "approver_groups",
            "one_of_each_group",
            "minimum_soak_minutes",
            "required_evidence",
            "requester_may_decide",
            "contributors_may_decide",
            "requester_may_break_glass",
            "reauthenticate",
            "changes_expire_after_hours",
            "supersede_waiting",
            "remind_after_hours",
            "escalate_after_hours",
            "review_within_hours",
            "guard",
        )
        read_only_fields = fields


def _number(least: int, most: int, **more: Any) -> serializers.IntegerField:
    return serializers.IntegerField(required=False, min_value=least, max_value=most, **more)


class GateRequest(Strict):
    """What is left out stays. The three relaxations (`requester_may_decide`, `contributors_may_decide`,
    `requester_may_break_glass`) are told to all operators."""

    reason = serializers.CharField(max_length=2000, help_text="Kept in the audit trail.")
    approvals_required = _number(0, MOST_APPROVALS)
    rollback_approvals_required = _number(
        0, MOST_APPROVALS, allow_null=True, help_text="Of a rollback to what has run here; null: as others."
    )
    approver_groups = serializers.ListField(
        child=serializers.SlugField(max_length=40), required=False, max_length=20, help_text="Their slugs."
    )
    one_of_each_group = serializers.BooleanField(required=False)
    minimum_soak_minutes = _number(0, LONGEST_MINUTES)
    required_evidence = serializers.DictField(
        child=serializers.IntegerField(min_value=1, max_value=LONGEST_MINUTES),
        required=False,
        help_text=EVIDENCE,
    )
    requester_may_decide = serializers.BooleanField(required=False)
    contributors_may_decide = serializers.BooleanField(required=False)
    requester_may_break_glass = serializers.BooleanField(required=False)
    reauthenticate = serializers.BooleanField(required=False)
    changes_expire_after_hours = _number(1, LONGEST_HOURS)
    supersede_waiting = serializers.BooleanField(required=False)
    remind_after_hours = _number(0, LONGEST_HOURS, help_text="0: never.")
    escalate_after_hours = _number(0, LONGEST_HOURS, help_text="0: never.")
    review_within_hours = _number(1, 720)
