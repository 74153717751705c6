"""Freezes and opening hours of an environment."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from portal.api.v1.serializers import Strict
from portal.core import clock
from portal.environments import schedules
from portal.environments.models import Window
from portal.environments.window_checks import LONGEST_MINUTES
from portal.environments.windows import HORIZON


class Moment(serializers.DateTimeField):
    """A time with its offset: without one it would be anybody's guess which."""

    default_error_messages = {"no_offset": "Say the offset too, such as 2026-12-24T12:00:00+01:00."}

    def enforce_timezone(self, value: datetime) -> datetime:
        if value.utcoffset() is None:
            self.fail("no_offset")
        return super().enforce_timezone(value)


class WindowRequest(Strict):
    """Once from `starts_at` to `ends_at`; or again and again, on local time: `rrule` says on which days from
    `first_day` on until the day `until`, `start_time` when, and `minutes` how long on the wall clock."""

    kind = serializers.ChoiceField(
        choices=Window.Kinds.choices,
        help_text="freeze: closed in it. opening: where there is one, closed outside of all of them.",
    )
    reason = serializers.CharField(max_length=300, help_text="Everybody who has to wait reads it.")
    time_zone = serializers.CharField(max_length=64, help_text="Of the tz database, such as Europe/Berlin.")
    starts_at = Moment(required=False, allow_null=True)
    ends_at = Moment(required=False, allow_null=True)
    rrule = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=255,
        help_text="RFC 5545, such as FREQ=WEEKLY;BYDAY=MO,TU; no UNTIL, no COUNT, at most 4 times a day.",
    )
    first_day = serializers.DateField(required=False, allow_null=True)
    start_time = serializers.TimeField(
        required=False, allow_null=True, help_text="Local, a full minute. BYHOUR and BYMINUTE override it."
    )
    minutes = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=LONGEST_MINUTES
    )
    until = serializers.DateField(required=False, allow_null=True, help_text="The last day it starts on.")


class NextOccurrence(serializers.Serializer[Any]):
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()


class WindowSerializer(serializers.ModelSerializer[Window]):
    """A freeze or opening hours, as it was set, and when it takes place next or is taking place."""

    saved_by = serializers.CharField(
        source="saved_by.username", default=None, allow_null=True, read_only=True
    )
    next = serializers.SerializerMethodField()

    class Meta:
        model = Window
        fields = (
            "id",
            "kind",
            "reason",
            "time_zone",
            "starts_at",
            "ends_at",
            "rrule",
            "first_day",
            "start_time",
            "minutes",
            "until",
            "saved_by",
            "saved_at",
            "next",
        )
        read_only_fields = fields

    @extend_schema_field(NextOccurrence(allow_null=True))
    def get_next(self, window: Window) -> Any:
        found = schedules.next_of(window, clock.now())
        return NextOccurrence(found).data if found else None


class WindowStateSerializer(serializers.Serializer[Any]):
    """Whether changes may run now. When closed, they wait for `next_opening` by themselves."""

    open = serializers.BooleanField()
    reason = serializers.CharField(
        allow_blank=True, help_text="Of the freeze, or of the hours that come next or are running."
    )
    ends = serializers.DateTimeField(
        allow_null=True, help_text=f"Until when it stays so; null: {HORIZON.days} days or longer."
    )
    next_opening = serializers.DateTimeField(
        allow_null=True, help_text=f"When closed; null: not within {HORIZON.days} days."
    )
    time_zone = serializers.CharField(help_text="In which those who set it think of it.")
