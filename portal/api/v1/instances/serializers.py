"""Instances: what runs."""

from __future__ import annotations

from typing import Any, get_args

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from portal.api.v1.serializers import ObjectKeySerializer
from portal.clusters.types import State
from portal.lifecycle.models import Release, ServiceInstance
from portal.lifecycle.selectors import instances

OBJECT_STATES = get_args(State)


class RunningRelease(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    number = serializers.IntegerField()
    digest = serializers.CharField()
    version = serializers.CharField(source="offering_version.version")


class InstanceRow(serializers.ModelSerializer[ServiceInstance]):
    application = serializers.SlugField(source="application.slug", read_only=True)
    team = serializers.SlugField(source="application.team.slug", read_only=True)
    environment = serializers.SlugField(source="environment.slug", read_only=True)
    offering = serializers.SlugField(source="offering.slug", read_only=True)
    namespace = serializers.CharField(read_only=True)
    current_release = RunningRelease(read_only=True, allow_null=True)

    class Meta:
        model = ServiceInstance
        fields: tuple[str, ...] = (
            "id",
            "name",
            "team",
            "application",
            "environment",
            "offering",
            "namespace",
            "health",
            "health_message",
            "health_since",
            "health_checked_at",
            "current_release",
            "created_at",
            "retirement_announced_at",
            "retired_at",
        )
        read_only_fields = fields


class SecretShape(serializers.Serializer[Any]):
    """Which keys a connection secret has; never their values."""

    name = serializers.CharField()
    keys = serializers.ListField(child=serializers.CharField())


class ExposedSerializer(serializers.Serializer[Any]):
    endpoints = serializers.ListField(child=serializers.CharField())
    secrets = SecretShape(many=True)


class InstanceDetail(InstanceRow):
    created_by = serializers.CharField(source="created_by.username", read_only=True)
    connection = serializers.SerializerMethodField()
    active_change = serializers.SerializerMethodField(
        help_text="The id of the change under way, if there is one."
    )

    class Meta(InstanceRow.Meta):
        fields = (*InstanceRow.Meta.fields, "created_by", "connection", "active_change")
        read_only_fields = fields

    @extend_schema_field(ExposedSerializer)
    def get_connection(self, instance: ServiceInstance) -> Any:
        return ExposedSerializer(instances.connection(instance)).data

    def get_active_change(self, instance: ServiceInstance) -> int | None:
        return instance.changes.active().values_list("pk", flat=True).first()


class RetirementSerializer(serializers.Serializer[Any]):
    """Confirm with a change of kind retire whose `confirm` is the instance's name."""

    announced_at = serializers.DateTimeField()
    consequences = serializers.ListField(child=serializers.CharField())


class ReleaseSerializer(serializers.ModelSerializer[Release]):
    """Sealed and immutable."""

    version = serializers.CharField(source="offering_version.version", read_only=True)
    plan = serializers.SlugField(source="plan.slug", read_only=True, allow_null=True, default=None)
    chart_digest = serializers.CharField(source="chart_id", read_only=True)
    promoted_from: Any = serializers.IntegerField(source="promoted_from_id", read_only=True, allow_null=True)
    created_by = serializers.CharField(source="created_by.username", read_only=True)
    images: Any = serializers.ListField(child=serializers.CharField(), read_only=True)
    exceptions: Any = serializers.ListField(
        child=serializers.IntegerField(), read_only=True, help_text="Ids of those that it relies on."
    )
    target = serializers.DictField(read_only=True)

    class Meta:
        model = Release
        fields: tuple[str, ...] = (
            "id",
            "number",
            "digest",
            "version",
            "plan",
            "chart_digest",
            "objects_digest",
            "policy_digest",
            "target",
            "images",
            "exceptions",
            "promoted_from",
            "created_at",
            "created_by",
        )
        read_only_fields = fields


class ManifestsSerializer(serializers.Serializer[Any]):
    """The sealed objects, with secrets masked."""

    release = serializers.IntegerField(source="number", help_text="The release's number within the instance.")
    digest = serializers.CharField()
    objects = serializers.ListField(child=serializers.DictField(), source="objects_masked")
    values = serializers.DictField(source="masked_values")


class PodSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    phase = serializers.CharField()
    ready = serializers.CharField(help_text="Containers ready/containers.")
    restarts = serializers.IntegerField()
    node = serializers.CharField(allow_blank=True)
    message = serializers.CharField(allow_blank=True)


class LiveObjectSerializer(serializers.Serializer[Any]):
    """One object as the cluster has it now."""

    object = ObjectKeySerializer(source="status.key")
    state = serializers.ChoiceField(choices=OBJECT_STATES, source="status.state")
    message = serializers.CharField(source="status.message", allow_blank=True)
    pods = PodSerializer(many=True)
