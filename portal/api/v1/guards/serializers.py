"""The guard around the gate of one environment, and what went around it."""

from __future__ import annotations

from typing import Any, get_args

from rest_framework import serializers

from portal.api.v1.serializers import ObjectKeySerializer, Strict
from portal.environments.models import Environment
from portal.lifecycle.models import Bypass
from portal.lifecycle.selectors.guards import Standing


class GuardRequest(Strict):
    mode = serializers.ChoiceField(
        choices=Environment.Guard.choices, help_text="deny only after audit has been in force."
    )
    reason = serializers.CharField(max_length=2000, help_text="Kept in the audit trail.")
    controllers = serializers.ListField(
        child=serializers.CharField(max_length=320),
        required=False,
        max_length=50,
        help_text="Service accounts of operators that may write too; not sent: as they are.",
    )
    seen = serializers.ChoiceField(
        choices=Environment.Guard.choices,
        required=False,
        help_text="The mode that you saw; with another one meanwhile nothing is changed.",
    )


class BypassSerializer(serializers.ModelSerializer[Bypass]):
    """One write that the portal did not make. `manager` is what the writer called itself."""

    object: Any = ObjectKeySerializer(source="key")
    instance: Any = serializers.IntegerField(source="instance_id", allow_null=True)
    how = serializers.ChoiceField(choices=Bypass.How.values)

    class Meta:
        model = Bypass
        fields = ("id", "object", "instance", "how", "manager", "operation", "fields", "at", "seen_at")
        read_only_fields = fields

    def get_fields(self) -> dict[str, Any]:
        """`fields` is a name of the framework's own, and of ours."""
        return {**super().get_fields(), "fields": serializers.CharField(read_only=True)}


class GuardSerializer(serializers.Serializer[Any]):
    """What is set, what the cluster has of it, and what went around the gate."""

    environment = serializers.SlugField(source="environment.slug")
    mode = serializers.ChoiceField(choices=Environment.Guard.choices)
    standing = serializers.ChoiceField(
        choices=get_args(Standing),
        help_text="coming: to be installed; drifted: changed in the cluster by hand; failed: see message.",
    )
    message = serializers.CharField(allow_blank=True, help_text="Why it is not as it should be.")
    since = serializers.DateTimeField(allow_null=True)
    set_by = serializers.CharField(
        source="set_by.username",
        default=None,
        allow_null=True,
        help_text="None: the command line, or nobody.",
    )
    reason = serializers.CharField(allow_blank=True)
    controllers = serializers.ListField(
        child=serializers.CharField(), help_text="Service accounts of operators that may write too."
    )
    may_deny = serializers.BooleanField(help_text="Whether audit has been in force here before.")
    checked_at = serializers.DateTimeField(
        allow_null=True, help_text="When the cluster was last held against it."
    )
    watched_at = serializers.DateTimeField(
        allow_null=True, help_text="When all namespaces were last looked at for bypasses."
    )
    bypass_count = serializers.IntegerField()
    bypasses = BypassSerializer(many=True, help_text="The newest, 50 at most.")
