from __future__ import annotations

from rest_framework import serializers

from portal.environments.models import Cluster, Environment


class EnvironmentSerializer(serializers.ModelSerializer[Environment]):
    """A stage and its gate: `approvals_required` people have to consent before a change runs there."""

    cluster = serializers.SlugField(source="cluster.slug", read_only=True)
    promotes_from = serializers.SlugField(
        source="promotes_from.slug", read_only=True, allow_null=True, default=None
    )
    labels = serializers.DictField(child=serializers.CharField(), source="namespace_labels", read_only=True)

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
        )
        read_only_fields = fields


class ClusterSerializer(serializers.ModelSerializer[Cluster]):
    """Where things run. Credentials are stored encrypted and never leave the portal."""

    environments = serializers.SlugRelatedField("slug", many=True, read_only=True)  # type: ignore[var-annotated]

    class Meta:
        model = Cluster
        fields = ("slug", "name", "version", "reachable", "message", "checked_at", "environments")
        read_only_fields = fields
