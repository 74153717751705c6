from __future__ import annotations

from typing import Any

from rest_framework import serializers

from portal.api.v1.serializers import Strict, VerdictSerializer

MAX_DOCUMENTS = 500


class EvaluationRequest(Strict):
    """Kubernetes objects as they would be applied."""

    environment = serializers.SlugField(max_length=20, help_text="Whose policy bindings count.")
    documents = serializers.ListField(child=serializers.DictField(), min_length=1, max_length=MAX_DOCUMENTS)


class EvaluationSerializer(serializers.Serializer[Any]):
    """All that the organisation's policies say of these objects."""

    allowed = serializers.BooleanField()
    passed = serializers.IntegerField()
    warned = serializers.IntegerField()
    denied = serializers.IntegerField()
    verdicts = VerdictSerializer(many=True)
