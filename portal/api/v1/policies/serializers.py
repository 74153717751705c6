from __future__ import annotations

from typing import Any

from rest_framework import serializers

from portal.api.v1.serializers import ObjectKeySerializer, Strict, VerdictSerializer
from portal.core import clock
from portal.lifecycle.models import Violation
from portal.lifecycle.services.evaluations import MOST_OBJECTS
from portal.lifecycle.services.policy_modes import FOLDER
from portal.policy.modes import MODES
from portal.policy.types import SEVERITIES

MAX_TEXT = 1024 * 1024
WANTED_MODES = (*MODES, FOLDER)
OPERATIONS = ("CREATE", "UPDATE", "DELETE")


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


class EnvironmentModeSerializer(serializers.Serializer[Any]):
    """How a policy acts in one environment. Nobody chose it: then it is what the policy folder says."""

    environment = serializers.SlugField()
    mode = serializers.ChoiceField(choices=MODES)
    chosen = serializers.BooleanField(help_text="Whether somebody chose it in place of the folder's.")
    reason = serializers.CharField(allow_blank=True)
    set_by = serializers.CharField(allow_null=True)
    set_at = serializers.DateTimeField(allow_null=True)


class PolicyRow(serializers.Serializer[Any]):
    """What a policy demands, why, how to meet it, and where. Texts are Markdown.

    The counts are of what you may see: `violations` and `waived` as the last scans found them, `exceptions`
    that are honoured now.
    """

    name = serializers.CharField()
    title = serializers.CharField(allow_blank=True)
    category = serializers.CharField(allow_blank=True)
    severity = serializers.ChoiceField(choices=SEVERITIES)
    rationale = serializers.CharField(allow_blank=True)
    remediation = serializers.CharField(allow_blank=True)
    docs = serializers.CharField(allow_blank=True)
    standards = serializers.ListField(child=serializers.CharField())
    sla = serializers.CharField(help_text="How long a violation may stand: 7d, 36h.")
    has_fix = serializers.BooleanField(help_text="Whether verdicts may bring a ready fix.")
    file = serializers.CharField(help_text="Within the policy folder.")
    fails_open = serializers.BooleanField(
        help_text="Whether an error of the policy itself lets objects pass."
    )
    cluster_only = serializers.BooleanField(
        help_text="Whether it can be judged in a cluster alone, by its authorizer; here it never passes."
    )
    modes = EnvironmentModeSerializer(many=True)
    violations = serializers.IntegerField()
    waived = serializers.IntegerField()
    exceptions = serializers.IntegerField()
    rules = RuleSerializer(many=True)
    bindings = BindingSerializer(many=True)


class ExampleSerializer(serializers.Serializer[Any]):
    """An example that lies beside the policies; a good one passes."""

    name = serializers.CharField()
    good = serializers.BooleanField()
    text = serializers.CharField(help_text="YAML.")


class PolicyDetail(PolicyRow):
    document = serializers.DictField(help_text="The ValidatingAdmissionPolicy, as a cluster takes it.")
    examples = ExampleSerializer(many=True)


class ModeRequest(Strict):
    """`folder` returns to what the policy folder says."""

    mode = serializers.ChoiceField(choices=WANTED_MODES)
    reason = serializers.CharField(max_length=2000, help_text="Kept in the audit trail.")
    seen = serializers.ChoiceField(
        choices=MODES, required=False, help_text="The mode that you saw in force: with another one it is 409."
    )


class InstanceRef(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()


class ExceptionRef(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    expires_at = serializers.DateTimeField()


class ViolationSerializer(serializers.ModelSerializer[Violation]):
    """What the last scan of one running instance found of one rule on one object."""

    instance: Any = InstanceRef(read_only=True)
    application = serializers.SlugField(source="instance.application.slug", read_only=True)
    team = serializers.SlugField(source="instance.application.team.slug", read_only=True)
    environment = serializers.SlugField(source="instance.environment.slug", read_only=True)
    object = ObjectKeySerializer(source="key", read_only=True)
    fix: Any = serializers.ListField(
        child=serializers.DictField(),
        read_only=True,
        help_text="A JSON Patch of the object, if there is one.",
    )
    overdue = serializers.SerializerMethodField()
    exception = ExceptionRef(read_only=True, allow_null=True)

    class Meta:
        model = Violation
        fields = (
            "instance",
            "application",
            "team",
            "environment",
            "rule",
            "outcome",
            "severity",
            "object",
            "path",
            "message",
            "fix",
            "since",
            "due_at",
            "overdue",
            "exception",
        )
        read_only_fields = fields

    def get_overdue(self, violation: Violation) -> bool:
        return violation.is_overdue_at(clock.now())


class CallerSerializer(Strict):
    """Who would apply them; left out: the namespace's own deployer."""

    username = serializers.CharField(max_length=200)
    groups = serializers.ListField(
        child=serializers.CharField(max_length=200),
        required=False,
        max_length=50,
        help_text="Left out: system:authenticated.",
    )


class EvaluationRequest(Strict):
    """Kubernetes objects as they would be applied: `documents`, or `text` with YAML."""

    environment = serializers.SlugField(max_length=20, help_text="Whose policy bindings count.")
    documents = serializers.ListField(
        child=serializers.DictField(allow_empty=False), required=False, min_length=1, max_length=MOST_OBJECTS
    )
    text = serializers.CharField(
        required=False,
        trim_whitespace=False,
        max_length=MAX_TEXT,
        help_text="A stream of YAML documents, read as kubectl reads it.",
    )
    operation = serializers.ChoiceField(choices=OPERATIONS, default="CREATE")
    old = serializers.ListField(
        child=serializers.DictField(allow_empty=False),
        required=False,
        max_length=MOST_OBJECTS,
        help_text="Objects as they are now: those of the same name are judged as updates of them.",
    )
    user = CallerSerializer(required=False)
    namespace = serializers.RegexField(
        r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?\Z",
        required=False,
        max_length=63,
        help_text="Where objects without a namespace land.",
    )
    application = serializers.SlugField(
        required=False, max_length=30, help_text="Its namespace is judged in, and its exceptions count."
    )
    instance = serializers.CharField(
        required=False, max_length=53, help_text="An instance's name, for exceptions that are for it alone."
    )

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if "documents" not in data and "text" not in data:
            raise serializers.ValidationError({"documents": "Send documents, or text."}, "required")
        return data


class EvaluationSerializer(serializers.Serializer[Any]):
    """All that the organisation's policies say of these objects."""

    allowed = serializers.BooleanField()
    passed = serializers.IntegerField()
    waived = serializers.IntegerField()
    warned = serializers.IntegerField()
    denied = serializers.IntegerField()
    verdicts = VerdictSerializer(many=True)
