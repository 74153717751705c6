from __future__ import annotations

from typing import Any, get_args

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from portal.api.v1.environments.gate_serializers import GateSerializer
from portal.api.v1.serializers import ObjectKeySerializer, Strict
from portal.api.v1.windows.serializers import WindowStateSerializer
from portal.core import clock
from portal.environments.models import Cluster, Environment
from portal.environments.schedules import schedule_of
from portal.lifecycle.operations.installation import Action

STEP_ACTIONS = get_args(Action)


class EnvironmentSerializer(serializers.ModelSerializer[Environment]):
    """A stage and its gate: `approvals_required` people have to consent before a change runs there."""

    cluster = serializers.SlugField(source="cluster.slug", read_only=True)
    promotes_from = serializers.SlugRelatedField("slug", many=True, read_only=True)  # type: ignore[var-annotated]
    labels = serializers.DictField(child=serializers.CharField(), source="namespace_labels", read_only=True)
    window = serializers.SerializerMethodField()
    gate = GateSerializer(source="*", read_only=True)

    class Meta:
        model = Environment
        fields = (
            "slug",
            "name",
            "order",
            "stripe",
            "cluster",
            "promotes_from",
            "labels",
            "approvals_required",
            "changes_expire_after_hours",
            "window",
            "gate",
        )
        read_only_fields = fields

    @extend_schema_field(WindowStateSerializer)
    def get_window(self, environment: Environment) -> Any:
        return WindowStateSerializer(schedule_of(environment).state_at(clock.now())).data


class ClusterSerializer(serializers.ModelSerializer[Cluster]):
    """Where things run. Credentials are stored encrypted and never leave the portal."""

    environments = serializers.SlugRelatedField("slug", many=True, read_only=True)  # type: ignore[var-annotated]

    class Meta:
        model = Cluster
        fields = (
            "slug",
            "name",
            "version",
            "reachable",
            "unreachable_since",
            "concurrency",
            "message",
            "checked_at",
            "environments",
            "policies_installed",
            "policies_checked_at",
            "policies_message",
        )
        read_only_fields = fields


class InstallationRequest(Strict):
    dry_run = serializers.BooleanField(default=False, help_text="Only say what would be done.")


class InstallationStep(serializers.Serializer[Any]):
    """One object in the cluster, and what installing does with it."""

    action = serializers.ChoiceField(choices=STEP_ACTIONS)
    object: Any = ObjectKeySerializer(source="key")


class StepCounts(serializers.Serializer[Any]):
    create: Any = serializers.IntegerField()
    change: Any = serializers.IntegerField()
    same = serializers.IntegerField()
    remove = serializers.IntegerField()


class InstalledPolicies(serializers.Serializer[Any]):
    """The portal's policies in a cluster. Where they are installed, all steps but `same` are drift."""

    installed = serializers.BooleanField(help_text="Whether the portal keeps its policies installed here.")
    checked_at = serializers.DateTimeField(
        allow_null=True, help_text="When they were last compared, installed or removed."
    )
    message = serializers.CharField(allow_blank=True, help_text="Why that did not work, or what had drifted.")
    done = serializers.BooleanField(help_text="Whether the steps were taken, or only would be.")
    counts = StepCounts()
    steps = InstallationStep(many=True)
