"""Drift: what is not as it was sealed, and what is done about it."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from portal.api.v1.serializers import ObjectKeySerializer, Strict
from portal.lifecycle.models import DriftItem, DriftReport, DriftTolerance
from portal.lifecycle.models.drift import LONGEST_PATH
from portal.lifecycle.services.drift.remedies import MOST_ITEMS

MAX_ID = 10**18


class RevertRequest(Strict):
    reason = serializers.CharField(required=False, allow_blank=True, max_length=2000)
    emergency = serializers.BooleanField(
        required=False, help_text="Let it wait where policies refuse it that breaking the glass may pass."
    )


class AdoptRequest(RevertRequest):
    """Without `items`: all that differs and is of the release."""

    items = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=MAX_ID),
        required=False,
        min_length=1,
        max_length=MOST_ITEMS,
        help_text="Ids of what to adopt.",
    )
    with_more = serializers.BooleanField(
        required=False, help_text="Adopt also where the values that do it change more; `more` names what."
    )


class TolerationRequest(Strict):
    """As the report names it. `path` counts for all that is below it; empty: the whole object."""

    object = ObjectKeySerializer()
    path = serializers.CharField(required=False, allow_blank=True, max_length=LONGEST_PATH, default="")
    until = serializers.DateTimeField(help_text="90 days from now at the most.")
    reason = serializers.CharField(max_length=2000, help_text="Kept in the audit trail.")


class TolerationEnd(Strict):
    comment = serializers.CharField(required=False, allow_blank=True, max_length=2000, default="")


class ToleranceSerializer(serializers.ModelSerializer[DriftTolerance]):
    object: Any = ObjectKeySerializer(source="key", read_only=True)
    created_by = serializers.CharField(source="created_by.username", read_only=True)

    class Meta:
        model = DriftTolerance
        fields = ("id", "object", "path", "until", "reason", "created_by", "created_at")
        read_only_fields = fields


class DriftItemSerializer(serializers.Serializer[Any]):
    """One field, or with an empty path one whole object. Secrets are fingerprints."""

    id = serializers.IntegerField(source="item.pk")
    object: Any = ObjectKeySerializer(source="item.key")
    path = serializers.CharField(source="item.path", allow_blank=True)
    how = serializers.ChoiceField(choices=DriftItem.How.choices, source="item.how")
    sealed = serializers.JSONField(source="item.sealed", help_text="As the release has it.")
    live = serializers.JSONField(source="item.live", help_text="As the cluster has it.")
    manager = serializers.CharField(
        source="item.manager", allow_blank=True, help_text="What the writer called itself."
    )
    operation = serializers.CharField(source="item.operation", allow_blank=True)
    manager_at = serializers.DateTimeField(source="item.manager_at", allow_null=True)
    first_seen_at = serializers.DateTimeField(source="item.first_seen_at")
    last_seen_at = serializers.DateTimeField(source="item.last_seen_at")
    tolerance: Any = serializers.IntegerField(
        source="tolerance.pk", default=None, allow_null=True, help_text="The id of what covers it."
    )


class DriftRow(serializers.Serializer[Any]):
    """Of one instance. The counts leave out what is tolerated."""

    instance = serializers.IntegerField(source="instance.pk")
    name = serializers.CharField(source="instance.name")
    team = serializers.SlugField(source="instance.application.team.slug")
    application = serializers.SlugField(source="instance.application.slug")
    environment = serializers.SlugField(source="instance.environment.slug")
    status = serializers.ChoiceField(choices=DriftReport.Status.choices)
    summary = serializers.CharField(allow_blank=True, help_text="In words; empty when all is as sealed.")
    message = serializers.CharField(
        source="report.message", default="", allow_blank=True, help_text="Why it is not known."
    )
    release = serializers.IntegerField(
        source="report.release.number", default=None, allow_null=True, help_text="What it was held against."
    )
    checked_at = serializers.DateTimeField(
        source="report.checked_at", default=None, allow_null=True, help_text="When somebody last found out."
    )
    asked = serializers.BooleanField(
        source="report.is_asked", default=False, help_text="Whether somebody asked, and no answer has come."
    )
    changed = serializers.IntegerField(source="report.changed", default=0)
    removed = serializers.IntegerField(source="report.removed", default=0)
    added = serializers.IntegerField(source="report.added", default=0)
    missing = serializers.IntegerField(source="report.missing", default=0)
    foreign = serializers.IntegerField(source="report.foreign", default=0)
    tolerated = serializers.IntegerField(source="report.tolerated", default=0)
    managers = serializers.ListField(child=serializers.CharField(), help_text="Who wrote it; the last first.")
    since = serializers.DateTimeField(allow_null=True, help_text="When the first of it was seen.")
    tolerated_until = serializers.DateTimeField(allow_null=True)


class DriftDetail(DriftRow):
    items = DriftItemSerializer(source="lines", many=True)
    tolerances = ToleranceSerializer(many=True)


class AdoptedValue(serializers.Serializer[Any]):
    path = serializers.CharField(help_text="JSON pointer into the values.")
    value = serializers.JSONField(allow_null=True)
    absent = serializers.BooleanField(help_text="Left to the chart.")


class AnswerSerializer(serializers.Serializer[Any]):
    """`code` is empty where the settings do it; else it and the message say why not, and what to do."""

    item = serializers.IntegerField(source="item.pk")
    object: Any = ObjectKeySerializer(source="item.key")
    path = serializers.CharField(source="item.path", allow_blank=True)
    settings = AdoptedValue(many=True)
    code = serializers.CharField(allow_blank=True)
    message = serializers.CharField(allow_blank=True)
    more = serializers.ListField(child=serializers.CharField(), help_text="What else would change.")


class AdoptionSerializer(serializers.Serializer[Any]):
    """What adopting would set; nothing is written."""

    settings = AdoptedValue(many=True)
    answers = AnswerSerializer(many=True)
    more = serializers.ListField(child=serializers.CharField())
    renderings = serializers.IntegerField(help_text="How many it took to find out.")
