from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from portal.api.v1.serializers import Strict
from portal.lifecycle.models import BlastRadius
from portal.lifecycle.states import ChangeKind, ChangeState
from portal.policy.modes import MODES
from portal.policy.types import SEVERITIES

MAX_TEXT = 1024 * 1024


class ProposedMode(Strict):
    policy = serializers.CharField(max_length=253)
    environment = serializers.SlugField(max_length=20)
    mode = serializers.ChoiceField(choices=MODES)


class BlastRadiusRequest(Strict):
    """What would be different; at least one of its parts."""

    modes = ProposedMode(many=True, required=False)
    documents = serializers.ListField(
        child=serializers.DictField(allow_empty=False),
        required=False,
        max_length=1000,
        help_text="Policies, bindings and params that replace those of their name, or are new.",
    )
    text = serializers.CharField(
        required=False,
        trim_whitespace=False,
        max_length=MAX_TEXT,
        help_text="The same as YAML, in place of documents.",
    )
    remove = serializers.ListField(
        child=serializers.CharField(max_length=253),
        required=False,
        max_length=1000,
        help_text="Names of policies to do without.",
    )


class ProgressSerializer(serializers.Serializer[Any]):
    """Instances and changes looked at, of all there are to look at."""

    done = serializers.IntegerField()
    total = serializers.IntegerField(help_text="0 until a worker has counted them.")


class BlastRadiusRow(serializers.ModelSerializer[BlastRadius]):
    """Ask again while the state is waiting or running."""

    progress = ProgressSerializer(source="*", read_only=True)
    requested_by = serializers.CharField(source="requested_by.username", read_only=True)

    class Meta:
        model = BlastRadius
        fields: tuple[str, ...] = (
            "id",
            "state",
            "progress",
            "message",
            "policy_digest",
            "requested_by",
            "created_at",
            "finished_at",
        )
        read_only_fields = fields


class ProposalSerializer(serializers.Serializer[Any]):
    modes = ProposedMode(many=True)
    documents = serializers.ListField(child=serializers.DictField())
    remove = serializers.ListField(child=serializers.CharField())


class DeniedSerializer(serializers.Serializer[Any]):
    """What would be refused, with how to remedy it."""

    policy = serializers.CharField()
    title = serializers.CharField(allow_blank=True)
    object = serializers.CharField(help_text="Kind/name.")
    path = serializers.CharField(allow_blank=True)
    message = serializers.CharField(allow_blank=True)
    remediation = serializers.CharField(allow_blank=True)
    severity = serializers.ChoiceField(choices=SEVERITIES)
    fix = serializers.ListField(child=serializers.DictField(), help_text="A JSON Patch of the object.")


class BrokenInstance(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    application = serializers.CharField()
    environment = serializers.CharField()
    offering = serializers.CharField()
    team = serializers.CharField()
    verdicts = DeniedSerializer(many=True)


class BrokenChange(BrokenInstance):
    kind = serializers.ChoiceField(choices=ChangeKind.choices)
    state = serializers.ChoiceField(choices=ChangeState.choices)
    asked_at = serializers.DateTimeField()


class BrokenCounts(serializers.Serializer[Any]):
    instances = serializers.IntegerField()
    changes = serializers.IntegerField()
    judged = serializers.IntegerField()


class BrokenTeam(serializers.Serializer[Any]):
    team = serializers.CharField()
    instances = serializers.IntegerField()
    changes = serializers.IntegerField()


class BlastRadiusResult(serializers.Serializer[Any]):
    """What the proposal would refuse and what is in force does not; of each, the first 500 are listed."""

    policies = serializers.ListField(child=serializers.CharField(), help_text="Those that would differ.")
    counts = BrokenCounts()
    teams = BrokenTeam(many=True)
    instances = BrokenInstance(many=True)
    changes = BrokenChange(many=True, help_text="Of the last 30 days.")


class BlastRadiusDetail(BlastRadiusRow):
    proposal = ProposalSerializer(read_only=True)
    result = serializers.SerializerMethodField(help_text="Null until it is done.")

    class Meta(BlastRadiusRow.Meta):
        fields = (*BlastRadiusRow.Meta.fields, "proposal", "result")
        read_only_fields = fields

    @extend_schema_field(BlastRadiusResult(allow_null=True))
    def get_result(self, radius: BlastRadius) -> Any:
        return radius.result or None
