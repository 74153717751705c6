from __future__ import annotations

from typing import Any

from rest_framework import serializers

from portal.api.v1.changes.serializers import ObjectDiffSerializer
from portal.api.v1.serializers import ProblemError, VerdictSerializer


class QuotaLineSerializer(serializers.Serializer[Any]):
    """One resource of the namespace's quota, as Kubernetes quantities."""

    resource = serializers.CharField()
    used = serializers.CharField()
    after = serializers.CharField()
    hard = serializers.CharField()
    exceeded = serializers.BooleanField()


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
    diff = ObjectDiffSerializer(many=True)
    quota = QuotaLineSerializer(many=True)
    price_cents = serializers.IntegerField(help_text="A month, after it.")
    price_before_cents = serializers.IntegerField(help_text="A month, now.")
    approvals_required = serializers.IntegerField()
