from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from portal.api.v1.changes.serializers import ObjectDiffSerializer
from portal.api.v1.serializers import ProblemError, VerdictSerializer
from portal.lifecycle.operations.drafting import ValueFix


class QuotaLineSerializer(serializers.Serializer[Any]):
    """One resource of the namespace's quota, as Kubernetes quantities."""

    resource = serializers.CharField()
    used = serializers.CharField()
    after = serializers.CharField()
    hard = serializers.CharField()
    exceeded = serializers.BooleanField()


class RoomSerializer(serializers.Serializer[Any]):
    """The team's pool before and after. `endless`: limited by the pool and not by the namespace."""

    team = serializers.CharField()
    environment = serializers.CharField()
    lines = QuotaLineSerializer(many=True)
    endless = serializers.ListField(child=serializers.CharField())
    missing = serializers.BooleanField(help_text="A pool is needed here, and there is none.")


class SettingSerializer(serializers.Serializer[Any]):
    """One value to set; without `value` it is to be left to the chart."""

    path = serializers.CharField(help_text="JSON pointer into the values.")
    value = serializers.JSONField(required=False)


class ValueFixSerializer(serializers.Serializer[Any]):
    """A ready fix of what a policy found, as values: set them and ask again."""

    policy = serializers.CharField(source="verdict.policy")
    object = serializers.CharField(source="verdict.key")
    settings: Any = serializers.SerializerMethodField()

    @extend_schema_field(SettingSerializer(many=True))
    def get_settings(self, fix: ValueFix) -> list[dict[str, Any]]:
        return [setting.as_dict() for setting in fix.settings]


class DraftSerializer(serializers.Serializer[Any]):
    """What a change would do; nothing was written. `allowed` is false when anything stands in its way."""

    allowed = serializers.BooleanField()
    errors: Any = ProblemError(many=True, help_text="Of the values, with their path.")
    problems = serializers.ListField(
        child=serializers.CharField(), help_text="Of the chart with these values."
    )
    namespace = serializers.CharField()
    values = serializers.DictField(source="masked_values", help_text="Merged with plan and defaults, masked.")
    images = serializers.ListField(child=serializers.CharField())
    objects = serializers.ListField(
        child=serializers.DictField(), help_text="As they would be applied, masked."
    )
    verdicts = VerdictSerializer(many=True)
    passed = serializers.IntegerField()
    warned = serializers.IntegerField()
    denied = serializers.IntegerField()
    waived = serializers.IntegerField()
    value_fixes = ValueFixSerializer(many=True)
    diff = ObjectDiffSerializer(many=True)
    quota = QuotaLineSerializer(many=True)
    room = RoomSerializer(allow_null=True, help_text="Of a namespace, in its team's quota pool.")
    price_cents = serializers.IntegerField(help_text="A month, after it.")
    price_before_cents = serializers.IntegerField(help_text="A month, now.")
    approvals_required = serializers.IntegerField()
