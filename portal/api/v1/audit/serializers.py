from __future__ import annotations

from typing import Any

from rest_framework import serializers

from portal.audit.models import AuditEvent


class AuditEventSerializer(serializers.ModelSerializer[AuditEvent]):
    """Who did what, through which door. `digest` covers all the rest of the record."""

    actor = serializers.CharField(source="actor_name", read_only=True)
    team = serializers.SlugField(source="team.slug", read_only=True, allow_null=True, default=None)
    before = serializers.DictField(read_only=True, allow_null=True)
    after = serializers.DictField(read_only=True, allow_null=True)

    class Meta:
        model = AuditEvent
        fields = (
            "id",
            "at",
            "action",
            "actor",
            "source",
            "request_id",
            "team",
            "object_type",
            "object_id",
            "object_label",
            "before",
            "after",
            "comment",
            "digest",
        )
        read_only_fields = fields


class FaultSerializer(serializers.Serializer[Any]):
    """The first record that is wrong; `event_id`, `at` and `action` are as they stand there now."""

    kind = serializers.CharField()
    lane = serializers.IntegerField(allow_null=True)
    sequence = serializers.IntegerField(allow_null=True)
    problem = serializers.CharField()
    event_id = serializers.CharField(allow_null=True)
    at = serializers.CharField(allow_null=True)
    action = serializers.CharField(allow_null=True)


class VerificationSerializer(serializers.Serializer[Any]):
    """Outcome of a walk along the chain."""

    intact = serializers.BooleanField()
    complete = serializers.BooleanField(help_text="Whether all of the trail was walked just now.")
    checked = serializers.IntegerField()
    fault = FaultSerializer(allow_null=True)
