from __future__ import annotations

from typing import Any

from rest_framework import serializers

from portal.audit.judging import KINDS
from portal.audit.models import AuditEvent


class AuditEventSerializer(serializers.ModelSerializer[AuditEvent]):
    """Who did what, for whom, through which door. `digest` covers the record's content, `hash` its place in
    the chain too: `sequence` counts the records of a `lane`, `previous_hash` is that of the one before."""

    actor = serializers.CharField(source="actor_name", read_only=True)
    on_behalf_of = serializers.SerializerMethodField()
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
            "on_behalf_of",
            "source",
            "request_id",
            "team",
            "object_type",
            "object_id",
            "object_label",
            "before",
            "after",
            "comment",
            "lane",
            "sequence",
            "previous_hash",
            "digest",
            "hash",
        )
        read_only_fields = fields

    def get_on_behalf_of(self, event: AuditEvent) -> str | None:
        return event.on_behalf_of_name or None


class FaultSerializer(serializers.Serializer[Any]):
    """The first record that is wrong; `event_id`, `at` and `action` are as they stand there now."""

    kind = serializers.ChoiceField(choices=KINDS)
    lane = serializers.IntegerField(allow_null=True)
    sequence = serializers.IntegerField(allow_null=True)
    problem = serializers.CharField()
    event_id = serializers.CharField(allow_null=True)
    at = serializers.CharField(allow_null=True)
    action = serializers.CharField(allow_null=True)


class PassSerializer(serializers.Serializer[Any]):
    """The background proves all of the trail over and over; this is how it was last."""

    started_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField()
    checked = serializers.IntegerField()
    fault = FaultSerializer(source="found", allow_null=True)


class VerificationSerializer(serializers.Serializer[Any]):
    """What walking along the chain has found just now.

    A short trail is walked as a whole (`complete`), of a long one what is newer than `last_pass`, up to a
    bound; `unchecked` records were looked at by neither. `manage.py audit verify` walks any trail as a whole.
    """

    intact = serializers.BooleanField(source="outcome.intact")
    complete = serializers.BooleanField(source="outcome.complete")
    checked = serializers.IntegerField(source="outcome.checked")
    unchecked = serializers.IntegerField()
    fault = FaultSerializer(source="outcome.fault", allow_null=True)
    last_pass = PassSerializer(source="last", allow_null=True)
