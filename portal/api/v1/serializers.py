"""What serializers of this API have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from rest_framework import serializers

from portal.policy.types import SEVERITIES, Outcome


class Strict(serializers.Serializer[Any]):
    """For what people send: an unknown name is an error, so that a slip is never a silent default."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            known = {name for name, field in self.fields.items() if not field.read_only}
            unknown = {
                str(name): serializers.ErrorDetail(
                    f"Not known here. Known are: {', '.join(sorted(known))}.", "unknown"
                )
                for name in data
                if name not in known
            }
            if unknown:
                raise serializers.ValidationError({**unknown, **self._errors_of_known(data)})
        return super().to_internal_value(data)

    def _errors_of_known(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """So that all mistakes come at once."""
        try:
            super().to_internal_value(data)
        except serializers.ValidationError as exc:
            return exc.detail if isinstance(exc.detail, dict) else {}
        return {}


class ProblemError(serializers.Serializer[Any]):
    path = serializers.CharField(help_text="JSON pointer into what was sent, or ?name of a query parameter.")
    message = serializers.CharField()
    code = serializers.CharField()


class Problem(serializers.Serializer[Any]):
    """RFC 9457. `code` is stable; docs/api.md lists every one. A code may add members: verdicts, change …"""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="What is wrong and what to do next.")
    code = serializers.CharField()
    errors: Any = ProblemError(many=True, required=False)
    verdicts = serializers.ListField(child=serializers.DictField(), required=False)
    request_id = serializers.CharField(allow_blank=True)


class ObjectKeySerializer(serializers.Serializer[Any]):
    """Who a Kubernetes object is."""

    apiVersion = serializers.CharField(source="api_version")
    kind = serializers.CharField()
    namespace = serializers.CharField(allow_blank=True)
    name = serializers.CharField()


class VerdictSerializer(serializers.Serializer[Any]):
    """What one rule says of one object; the same shape as a sealed release keeps."""

    policy = serializers.CharField()
    rule = serializers.IntegerField()
    title = serializers.CharField()
    outcome = serializers.ChoiceField(choices=get_args(Outcome))
    key = ObjectKeySerializer()
    path = serializers.CharField(allow_blank=True)
    message = serializers.CharField(allow_blank=True)
    reason = serializers.CharField(allow_blank=True)
    remediation = serializers.CharField(allow_blank=True)
    severity = serializers.ChoiceField(choices=SEVERITIES)
    category = serializers.CharField(allow_blank=True)
    docs = serializers.CharField(allow_blank=True)
    fix = serializers.ListField(
        child=serializers.DictField(), help_text="A JSON Patch (RFC 6902) of the object; empty: no ready fix."
    )
    exception = serializers.IntegerField(allow_null=True, help_text="Of a waived verdict: what lifts it.")
    until = serializers.CharField(allow_blank=True, help_text="Of a waived verdict: when that ends.")
