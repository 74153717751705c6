from __future__ import annotations

from typing import Any

from rest_framework import serializers

from portal.api.v1.serializers import Strict, VerdictSerializer
from portal.policy.types import SEVERITIES

MAX_DOCUMENTS = 200  # about a second and a half of judging, at the worst


class RuleSerializer(serializers.Serializer[Any]):
    """One validation; a verdict names it by `index`."""

    index = serializers.IntegerField()
    expression = serializers.CharField(help_text="CEL: what has to be true.")
    message = serializers.CharField(allow_blank=True)
    reason = serializers.CharField(allow_blank=True)


class BindingSerializer(serializers.Serializer[Any]):
    """Where a policy is in force, and how: Deny, Warn or Audit."""

    name = serializers.CharField()
    actions = serializers.ListField(child=serializers.CharField())
    match_resources = serializers.DictField(help_text="As in the binding: namespace labels, say.")


class PolicyRow(serializers.Serializer[Any]):
    """What a policy demands, why, and how to meet it. Texts are Markdown."""

    name = serializers.CharField()
    title = serializers.CharField(allow_blank=True)
    category = serializers.CharField(allow_blank=True)
    severity = serializers.ChoiceField(choices=SEVERITIES)
    rationale = serializers.CharField(allow_blank=True)
    remediation = serializers.CharField(allow_blank=True)
    docs = serializers.CharField(allow_blank=True)
    standards = serializers.ListField(child=serializers.CharField())
    fails_open = serializers.BooleanField(
        help_text="Whether an error of the policy itself lets objects pass."
    )
    rules = RuleSerializer(many=True)
    bindings = BindingSerializer(many=True)


class PolicyDetail(PolicyRow):
    document = serializers.DictField(help_text="The ValidatingAdmissionPolicy, as a cluster takes it.")


class EvaluationRequest(Strict):
    """Kubernetes objects as they would be applied."""

    environment = serializers.SlugField(max_length=20, help_text="Whose policy bindings count.")
    documents = serializers.ListField(
        child=serializers.DictField(allow_empty=False), min_length=1, max_length=MAX_DOCUMENTS
    )


class EvaluationSerializer(serializers.Serializer[Any]):
    """All that the organisation's policies say of these objects."""

    allowed = serializers.BooleanField()
    passed = serializers.IntegerField()
    warned = serializers.IntegerField()
    denied = serializers.IntegerField()
    verdicts = VerdictSerializer(many=True)
