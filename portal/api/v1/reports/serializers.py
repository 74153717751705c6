"""PolicyReport as wgpolicyk8s.io/v1alpha2 names its fields; `stale` is ours."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from portal.api.v1.reports.rows import API_VERSION, KIND, RESULTS, SOURCE
from portal.policy.types import SEVERITIES


class ReportMetadata(serializers.Serializer[Any]):
    """`creationTimestamp` is when the instance was scanned."""

    name = serializers.CharField(help_text="The instance's.")
    namespace = serializers.CharField()
    labels = serializers.DictField(child=serializers.CharField())
    annotations = serializers.DictField(child=serializers.CharField(allow_blank=True))
    creationTimestamp = serializers.DateTimeField()


class ReportScope(serializers.Serializer[Any]):
    apiVersion = serializers.CharField()
    kind = serializers.CharField()
    name = serializers.CharField()


class ReportSummary(serializers.Serializer[Any]):
    fail: Any = serializers.IntegerField()
    warn = serializers.IntegerField()
    error = serializers.IntegerField()
    skip = serializers.IntegerField(help_text="Waived.")

    def get_fields(self) -> dict[str, Any]:
        """With `pass`, which Python keeps for itself."""
        return {"pass": serializers.IntegerField(), **super().get_fields()}


class ReportResource(serializers.Serializer[Any]):
    """An ObjectReference; without a namespace for what lives in none."""

    apiVersion = serializers.CharField()
    kind = serializers.CharField()
    namespace = serializers.CharField(required=False)
    name = serializers.CharField(allow_blank=True)


class ReportTimestamp(serializers.Serializer[Any]):
    seconds = serializers.IntegerField()
    nanos = serializers.IntegerField()


class ReportResult(serializers.Serializer[Any]):
    """One thing found. `skip`: an exception lifts it, which `properties` name as exception and until."""

    source: Any = serializers.ChoiceField(choices=[SOURCE])
    policy = serializers.CharField()
    rule = serializers.CharField(
        help_text="The validation's index; -1 when the policy could not be evaluated."
    )
    category = serializers.CharField(allow_blank=True)
    severity = serializers.ChoiceField(choices=SEVERITIES)
    timestamp = ReportTimestamp(help_text="Of the first scan that found it.")
    result = serializers.ChoiceField(choices=sorted(set(RESULTS.values())))
    scored = serializers.BooleanField(help_text="False for warnings, notes and what is waived.")
    resources = ReportResource(many=True)
    message = serializers.CharField(allow_blank=True)
    properties = serializers.DictField(
        child=serializers.CharField(allow_blank=True),
        help_text="outcome, title, due; and path, fix (JSON), exception, until where there are such.",
    )


class ReportSerializer(serializers.Serializer[Any]):
    """What the last scan of one instance found, in the Policy Working Group's shape."""

    apiVersion = serializers.ChoiceField(choices=[API_VERSION])
    kind = serializers.ChoiceField(choices=[KIND])
    metadata = ReportMetadata()
    scope = ReportScope(required=False, help_text="Of a namespace.")
    summary = ReportSummary()
    results = ReportResult(many=True)
    stale = serializers.BooleanField(help_text="Whether it is to be scanned again.")
