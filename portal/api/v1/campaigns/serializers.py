"""Upgrade campaigns: preparing one, what is in it, and answers to it."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from portal.api.v1.serializers import Strict
from portal.lifecycle.campaign_states import Mode
from portal.lifecycle.models import CampaignItem, CampaignStage, UpgradeCampaign
from portal.lifecycle.models.campaign import MOST_AT_ONCE
from portal.lifecycle.services.campaigns.answering import ANSWERS


class StageRequest(Strict):
    environment = serializers.SlugField(max_length=20)
    mode = serializers.ChoiceField(choices=Mode.choices)


class CampaignRequest(Strict):
    """`answer_by` is needed where any environment wants consent. `teams` and `from_versions` narrow it."""

    title = serializers.CharField(max_length=120)
    reason = serializers.CharField(required=False, allow_blank=True, max_length=2000)
    offering = serializers.SlugField(max_length=60)
    version = serializers.CharField(max_length=64, help_text="What they are to be upgraded to.")
    environments = StageRequest(many=True, allow_empty=False)
    teams = serializers.ListField(child=serializers.SlugField(max_length=60), required=False, max_length=1000)
    from_versions = serializers.ListField(
        child=serializers.CharField(max_length=64), required=False, max_length=200
    )
    at_once = serializers.IntegerField(
        required=False, min_value=1, max_value=MOST_AT_ONCE, help_text="How many are under way at most; 5."
    )
    max_failures = serializers.IntegerField(
        required=False, min_value=1, max_value=1000, help_text="It stops itself at so many; 1."
    )
    max_failure_percent = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=100,
        help_text="It stops itself at this share of those that ended, from the fifth on.",
    )
    answer_by = serializers.DateTimeField(required=False, allow_null=True)


class StageSerializer(serializers.ModelSerializer[CampaignStage]):
    environment = serializers.SlugField(source="environment.slug", read_only=True)

    class Meta:
        model = CampaignStage
        fields: tuple[str, ...] = ("environment", "mode")
        read_only_fields = fields


class CampaignRow(serializers.ModelSerializer[UpgradeCampaign]):
    """`said` is why it is in its state."""

    offering = serializers.SlugField(source="offering.slug", read_only=True)
    version = serializers.CharField(source="target.version", read_only=True)
    created_by = serializers.CharField(source="created_by.username", read_only=True)
    started_by = serializers.CharField(source="started_by.username", read_only=True, allow_null=True)

    class Meta:
        model = UpgradeCampaign
        fields: tuple[str, ...] = (
            "id",
            "title",
            "reason",
            "offering",
            "version",
            "state",
            "said",
            "at_once",
            "max_failures",
            "max_failure_percent",
            "answer_by",
            "created_by",
            "created_at",
            "started_by",
            "started_at",
            "finished_at",
        )
        read_only_fields = fields


class CampaignDetail(CampaignRow):
    """`counts`: how many instances that you may see are in each state; `examined`, how many were looked
    at while it is being prepared."""

    stages = StageSerializer(many=True, read_only=True)
    counts = serializers.DictField(child=serializers.IntegerField(), read_only=True)
    examined = serializers.IntegerField(read_only=True)
    total = serializers.IntegerField(read_only=True)

    class Meta(CampaignRow.Meta):
        fields = (*CampaignRow.Meta.fields, "stages", "counts", "examined", "total")
        read_only_fields = fields


class FitError(serializers.Serializer[Any]):
    """A value that no longer fits, or another thing in the way."""

    path = serializers.CharField(allow_blank=True)
    message = serializers.CharField(allow_blank=True)


class FitSerializer(serializers.Serializer[Any]):
    """What the upgrade would do; empty until it was worked out."""

    fits = serializers.BooleanField(required=False)
    said = serializers.CharField(required=False, allow_blank=True)
    errors: Any = FitError(many=True, required=False)
    denied = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="Policies that refuse it."
    )
    warned = serializers.IntegerField(required=False)
    over_quota = serializers.ListField(child=serializers.CharField(), required=False)
    objects = serializers.DictField(child=serializers.IntegerField(), required=False)
    cents = serializers.ListField(
        child=serializers.IntegerField(), required=False, help_text="A month: before, after."
    )


class ItemRow(serializers.ModelSerializer[CampaignItem]):
    """`waits_for_stage`: an earlier stage of its application is not done; `busy`: another change is under
    way."""

    instance: Any = serializers.IntegerField(source="instance_id", read_only=True)
    name = serializers.CharField(source="instance.name", read_only=True)
    application = serializers.SlugField(source="instance.application.slug", read_only=True)
    team = serializers.SlugField(source="instance.application.team.slug", read_only=True)
    environment = serializers.SlugField(source="stage.environment.slug", read_only=True)
    mode = serializers.ChoiceField(choices=Mode.choices, source="stage.mode", read_only=True)
    from_version = serializers.CharField(source="from_version.version", read_only=True)
    change = serializers.IntegerField(source="change_id", read_only=True, allow_null=True)
    answered_by = serializers.CharField(source="answered_by.username", read_only=True, allow_null=True)
    waits_for_stage = serializers.BooleanField(read_only=True)
    busy = serializers.BooleanField(read_only=True)
    fit = FitSerializer(read_only=True)

    class Meta:
        model = CampaignItem
        fields: tuple[str, ...] = (
            "id",
            "instance",
            "name",
            "application",
            "team",
            "environment",
            "mode",
            "from_version",
            "state",
            "said",
            "fit",
            "change",
            "asked_at",
            "answered_by",
            "answered_at",
            "not_before",
            "waits_for_stage",
            "busy",
            "ended_at",
        )
        read_only_fields = fields


class AnswerRequest(Strict):
    """Declining needs a comment. `not_before` is for those who agree, and lies before `answer_by`."""

    answer = serializers.ChoiceField(choices=ANSWERS)
    not_before = serializers.DateTimeField(required=False, allow_null=True)
    comment = serializers.CharField(required=False, allow_blank=True, max_length=400)


class SteerRequest(Strict):
    comment = serializers.CharField(required=False, allow_blank=True, max_length=2000, default="")
