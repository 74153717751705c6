"""Policy exceptions: asking, deciding, and what they add up to."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rest_framework import serializers

from portal.api.v1.serializers import Strict
from portal.core import clock
from portal.lifecycle.models import PolicyException
from portal.lifecycle.services import exceptions

MAX_ID = 10**18
MAX_DAYS = 10_000


class ExceptionRequest(Strict):
    """Name the change that was denied, or the instance that runs: it is about what was found there.

    It covers the object in question (kind and name, where there are several), or with `scope` all of the
    instance, or all of the application's namespace. `values_path` with `value` narrows it to that value.
    """

    change = serializers.IntegerField(required=False, min_value=1, max_value=MAX_ID)
    instance = serializers.IntegerField(required=False, min_value=1, max_value=MAX_ID)
    policy = serializers.CharField(max_length=253)
    scope = serializers.ChoiceField(choices=exceptions.SCOPES, default="object")
    kind = serializers.CharField(required=False, max_length=63)
    name = serializers.CharField(required=False, max_length=253)
    values_path = serializers.CharField(
        required=False, max_length=200, help_text="A JSON pointer into the values."
    )
    value = serializers.JSONField(
        required=False, allow_null=True, help_text="What is there: with another value it does not count."
    )
    reason = serializers.CharField(max_length=4000, help_text="Why, and what will be done about it.")
    days = serializers.IntegerField(
        min_value=1, max_value=MAX_DAYS, help_text="How long; the limit depends on the policy's severity."
    )

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if ("change" in data) == ("instance" in data):
            said = "Name the change that was denied, or the instance that runs."
            raise serializers.ValidationError({"change": said}, "required")
        return data


class GrantSerializer(Strict):
    comment = serializers.CharField(required=False, allow_blank=True, max_length=2000, default="")
    expires_at = serializers.DateTimeField(
        required=False, help_text="An earlier end than the one asked for; a later one is not given."
    )


class CommentSerializer(Strict):
    """The comment is required where something is refused or ended early."""

    comment = serializers.CharField(required=False, allow_blank=True, max_length=2000, default="")


class ExceptionSerializer(serializers.ModelSerializer[PolicyException]):
    """`honoured`: whether it counts at this moment; `why_may_not_decide`: null when you may."""

    scope = serializers.CharField(read_only=True, help_text="What it covers, in words.")
    honoured = serializers.SerializerMethodField()
    team = serializers.SlugField(source="application.team.slug", read_only=True)
    application = serializers.SlugField(source="application.slug", read_only=True)
    environment = serializers.SlugField(source="environment.slug", read_only=True)
    namespace = serializers.CharField(read_only=True)
    instance: Any = serializers.CharField(
        source="instance_name", read_only=True, help_text="Its name; empty: the whole namespace."
    )
    kind = serializers.CharField(source="object_kind", read_only=True)
    name = serializers.CharField(source="object_name", read_only=True)
    change: Any = serializers.IntegerField(source="change_id", read_only=True, allow_null=True)
    requested_by = serializers.CharField(source="requested_by.username", read_only=True)
    decided_by = serializers.CharField(
        source="decided_by.username", read_only=True, allow_null=True, default=None
    )
    ended_by = serializers.CharField(
        source="ended_by.username", read_only=True, allow_null=True, default=None
    )
    why_may_not_decide = serializers.SerializerMethodField()

    class Meta:
        model = PolicyException
        fields = (
            "id",
            "policy",
            "severity",
            "scope",
            "state",
            "honoured",
            "team",
            "application",
            "environment",
            "namespace",
            "instance",
            "kind",
            "name",
            "values_path",
            "message",
            "reason",
            "change",
            "requested_by",
            "requested_at",
            "expires_at",
            "decided_by",
            "decided_at",
            "comment",
            "announced_at",
            "ended_by",
            "ended_at",
            "end_reason",
            "why_may_not_decide",
        )
        read_only_fields = fields

    def get_honoured(self, exception: PolicyException) -> bool:
        return exception.is_honoured_at(clock.now())

    def get_why_may_not_decide(self, exception: PolicyException) -> str | None:
        return exceptions.why_may_not_decide(exception, self.context["request"].user)


class DebtLine(serializers.Serializer[Any]):
    """`trend`: the last 30 days over the 30 before, less 1; null when there was nothing before."""

    name = serializers.CharField()
    days = serializers.FloatField()
    standing = serializers.IntegerField()
    trend = serializers.FloatField(allow_null=True)


class DebtWeek(serializers.Serializer[Any]):
    start = serializers.SerializerMethodField()
    days = serializers.SerializerMethodField()

    def get_start(self, week: tuple[datetime, float]) -> datetime:
        return week[0]

    def get_days(self, week: tuple[datetime, float]) -> float:
        return week[1]


class DebtHint(serializers.Serializer[Any]):
    """A rule of which at least half of what it finds is waived: change the rule, or the platform."""

    policy = serializers.CharField()
    waived = serializers.IntegerField()
    found = serializers.IntegerField()
    share = serializers.FloatField()


class DebtSerializer(serializers.Serializer[Any]):
    """Exception-days (one exception counting for one day) since `since`, in what you may see."""

    since = serializers.DateTimeField()
    days = serializers.FloatField()
    standing = serializers.IntegerField(help_text="Exceptions that count now.")
    policies = DebtLine(many=True)
    teams = DebtLine(many=True)
    weeks = DebtWeek(many=True, help_text="Exception-days a week, the oldest first.")
    hints = DebtHint(many=True)
