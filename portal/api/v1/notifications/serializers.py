from __future__ import annotations

from typing import Any

from rest_framework import serializers

from portal.api.v1.serializers import Strict
from portal.audit.models import Notification, NotificationPreference


class NotificationSerializer(serializers.ModelSerializer[Notification]):
    """`url` is the path of the page that it leads to; `event`, where there is one, is the audit event."""

    event: Any = serializers.UUIDField(source="event_id", read_only=True, allow_null=True)

    class Meta:
        model = Notification
        fields = ("id", "topic", "text", "url", "urgent", "event", "created_at", "read_at")
        read_only_fields = fields


class ReadAllSerializer(Strict):
    until = serializers.DateTimeField(
        required=False, help_text="Those that were there at this moment; left out, all that are there now."
    )


class MarkedSerializer(serializers.Serializer[Any]):
    marked = serializers.IntegerField(help_text="How many were unread.")


class PreferenceSerializer(Strict):
    email = serializers.ChoiceField(
        choices=NotificationPreference.Email.choices, help_text="Who has not chosen gets what is urgent."
    )
