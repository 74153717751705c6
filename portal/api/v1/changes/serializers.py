"""Changes: asking, and what became of it."""

from __future__ import annotations

from typing import Any, get_args, get_type_hints

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from portal.api.v1.changes.gate_serializers import ApprovalSerializer, BreakGlassSerializer
from portal.api.v1.serializers import ObjectKeySerializer, Strict, VerdictSerializer
from portal.lifecycle.models import ChangeRequest, LogLine, Rollout
from portal.lifecycle.selectors import changes, consents
from portal.lifecycle.states import ChangeKind, Phase
from portal.policy import Verdict

MAX_ID = 10**18
STEP_STATES = get_args(get_type_hints(changes.Step)["state"])
# drift has doors of its own: instances/{id}/drift/
ASKED = [kind for kind in ChangeKind.choices if kind[0] != ChangeKind.REMEDIATE]


class WishSerializer(Strict):
    """What is asked for.

    Each kind needs: create: application, environment, offering, name (a namespace names itself) ·
    update: instance, and values or plan · upgrade: instance, version · rollback: instance, release ·
    promote: instance, environment (the next stage), and values or plan for what may differ there (the
    version's overlays) · retire: instance, confirm (its name), after
    announce-retirement.
    """

    kind = serializers.ChoiceField(choices=ASKED, default=ChangeKind.CREATE)
    application = serializers.SlugField(required=False, max_length=30)
    environment = serializers.SlugField(required=False, max_length=20)
    offering = serializers.SlugField(required=False, max_length=60)
    name = serializers.CharField(required=False, max_length=63)
    version = serializers.CharField(required=False, max_length=64)
    plan = serializers.SlugField(required=False, max_length=40)
    values = serializers.DictField(required=False, help_text="Checked against the version's values_schema.")
    instance = serializers.IntegerField(required=False, min_value=1, max_value=MAX_ID)
    release = serializers.IntegerField(required=False, min_value=1, max_value=MAX_ID)
    confirm = serializers.CharField(required=False, max_length=63)
    reason = serializers.CharField(required=False, allow_blank=True, max_length=2000)
    emergency = serializers.BooleanField(
        required=False, help_text="Let it wait where policies refuse it that breaking the glass may pass."
    )


class DecisionSerializer(Strict):
    """`digest` is the change's: a decision binds to exactly that release."""

    digest = serializers.RegexField(r"^sha256:[0-9a-f]{64}$", help_text="The change's, as you saw it.")
    comment = serializers.CharField(required=False, allow_blank=True, max_length=2000, default="")


class ConsentSerializer(DecisionSerializer):
    """With your password where the gate wants it again: `reauthenticate`."""

    password = serializers.CharField(
        required=False, write_only=True, max_length=128, trim_whitespace=False, default=""
    )


class CancellationSerializer(Strict):
    comment = serializers.CharField(required=False, allow_blank=True, max_length=2000, default="")


class ReleaseRef(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    number = serializers.IntegerField()
    digest = serializers.CharField()


class ChangeRow(serializers.ModelSerializer[ChangeRequest]):
    """`waiting_on` is empty when the change has ended."""

    application = serializers.SlugField(source="application.slug", read_only=True)
    team = serializers.SlugField(source="application.team.slug", read_only=True)
    environment = serializers.SlugField(source="environment.slug", read_only=True)
    offering = serializers.SlugField(source="offering.slug", read_only=True)
    instance: Any = serializers.IntegerField(source="instance_id", read_only=True, allow_null=True)
    release = ReleaseRef(read_only=True, allow_null=True)
    base_release = ReleaseRef(read_only=True, allow_null=True)
    requested_by = serializers.CharField(source="requested_by.username", read_only=True)
    digest = serializers.CharField(source="seal", help_text="What a decision has to name.")
    phase = serializers.ChoiceField(choices=Phase.choices, allow_blank=True)  # of a running change
    waiting_on = serializers.SerializerMethodField()
    risk_reasons = serializers.ListField(child=serializers.CharField())
    superseded_by: Any = serializers.IntegerField(
        source="superseded_by_id", read_only=True, allow_null=True, help_text="The change in its place."
    )

    class Meta:
        model = ChangeRequest
        fields: tuple[str, ...] = (
            "id",
            "kind",
            "state",
            "phase",
            "waiting_on",
            "team",
            "application",
            "environment",
            "offering",
            "name",
            "instance",
            "release",
            "base_release",
            "digest",
            "requested_by",
            "reason",
            "risk",
            "risk_reasons",
            "proven",
            "emergency",
            "held",
            "cancel_asked_at",
            "superseded_by",
            "outcome",
            "created_at",
            "decided_at",
            "started_at",
            "applied_at",
            "finished_at",
            "expires_at",
        )
        read_only_fields = fields

    def get_waiting_on(self, change: ChangeRequest) -> str:
        return changes.brief(change)


class RolloutSerializer(serializers.ModelSerializer[Rollout]):
    class Meta:
        model = Rollout
        fields: tuple[str, ...] = (
            "id",
            "is_revert",
            "helm_revision",
            "started_at",
            "finished_at",
            "outcome",
            "message",
        )
        read_only_fields = fields


class WaitingSerializer(serializers.Serializer[Any]):
    """The line "waiting on X since T"; `who` may end it."""

    text = serializers.CharField()
    since = serializers.DateTimeField()
    who = serializers.ListField(child=serializers.CharField())


class CheckResultSerializer(serializers.Serializer[Any]):
    """What one check of the verification last said."""

    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=["http", "metric", "none"])
    asks = serializers.CharField(allow_blank=True, help_text="The request or the query.")
    wanted = serializers.CharField(allow_blank=True)
    times = serializers.IntegerField(help_text="How often in a row it has to be right.")
    ok = serializers.BooleanField(allow_null=True, help_text="Of the last time; null before the first.")
    detail = serializers.CharField(allow_blank=True)
    said = serializers.CharField(allow_blank=True, help_text="The beginning of a wrong answer.")
    passes = serializers.IntegerField(help_text="In a row.")
    misses = serializers.IntegerField(help_text="In a row.")
    at = serializers.DateTimeField(allow_null=True)
    since = serializers.DateTimeField(help_text="When the verification began.")


class StepSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    label: Any = serializers.CharField()
    at = serializers.DateTimeField(allow_null=True)
    state = serializers.ChoiceField(choices=STEP_STATES)
    detail = serializers.CharField(allow_blank=True)


class ChangeDetail(ChangeRow):
    """All of one change; secrets are masked."""

    version = serializers.SerializerMethodField()
    plan = serializers.SerializerMethodField()
    values = serializers.SerializerMethodField(help_text="Merged and masked.")
    images = serializers.SerializerMethodField()
    verdicts = serializers.SerializerMethodField()
    contributors = serializers.SerializerMethodField(help_text="Who had a part in it, and may not decide.")
    approvals_required = serializers.IntegerField(read_only=True)
    approvals_lacking = serializers.SerializerMethodField(help_text="While it waits: what for, in words.")
    approvals = ApprovalSerializer(many=True, read_only=True)
    break_glass = serializers.SerializerMethodField()
    rollouts = RolloutSerializer(many=True, read_only=True)
    steps = serializers.SerializerMethodField()
    waiting = serializers.SerializerMethodField()
    verifications = CheckResultSerializer(many=True, read_only=True)

    class Meta(ChangeRow.Meta):
        fields = (
            *ChangeRow.Meta.fields,
            "version",
            "plan",
            "values",
            "images",
            "verdicts",
            "contributors",
            "approvals_required",
            "approvals_lacking",
            "approvals",
            "break_glass",
            "rollouts",
            "steps",
            "waiting",
            "verifications",
        )
        read_only_fields = fields

    def get_version(self, change: ChangeRequest) -> str | None:
        return change.release.offering_version.version if change.release else None

    def get_plan(self, change: ChangeRequest) -> str | None:
        return change.release.plan.slug if change.release and change.release.plan else None

    def get_values(self, change: ChangeRequest) -> dict[str, Any]:
        return change.release.masked_values if change.release else {}

    def get_images(self, change: ChangeRequest) -> list[str]:
        return change.release.images if change.release else []

    def get_contributors(self, change: ChangeRequest) -> list[str]:
        return sorted(person.username for person in change.contributors.all())

    def get_approvals_lacking(self, change: ChangeRequest) -> list[str]:
        return consents.lacking(change) if change.is_awaiting_approval else []

    @extend_schema_field(BreakGlassSerializer(allow_null=True))
    def get_break_glass(self, change: ChangeRequest) -> Any:
        glass = getattr(change, "break_glass", None)
        return BreakGlassSerializer(glass).data if glass else None

    @extend_schema_field(VerdictSerializer(many=True))
    def get_verdicts(self, change: ChangeRequest) -> list[dict[str, Any]]:
        stored = change.release.verdicts if change.release else change.verdicts
        return [Verdict.from_dict(each).as_dict() for each in stored]

    @extend_schema_field(StepSerializer(many=True))
    def get_steps(self, change: ChangeRequest) -> Any:
        return StepSerializer(changes.steps(change), many=True).data

    @extend_schema_field(WaitingSerializer(allow_null=True))
    def get_waiting(self, change: ChangeRequest) -> Any:
        waiting = changes.waiting_on(change)
        return WaitingSerializer(waiting).data if waiting else None


class FieldDiffSerializer(serializers.Serializer[Any]):
    path = serializers.CharField()
    old = serializers.JSONField(allow_null=True)
    new = serializers.JSONField(allow_null=True)


class ObjectDiffSerializer(serializers.Serializer[Any]):
    """What happens to one object; `text` is a unified diff of its YAML. Secrets are masked."""

    object = ObjectKeySerializer(source="key")
    change = serializers.ChoiceField(choices=["added", "removed", "changed", "same"])
    fields_changed = FieldDiffSerializer(source="fields", many=True)
    text = serializers.CharField(allow_blank=True)


class LogLineSerializer(serializers.ModelSerializer[LogLine]):
    rollout: Any = serializers.IntegerField(source="rollout_id", read_only=True)

    class Meta:
        model = LogLine
        fields: tuple[str, ...] = ("id", "rollout", "at", "text")
        read_only_fields = fields


class LogSerializer(serializers.Serializer[Any]):
    """Ask again with `after` set to `next_after` while `ended` is false."""

    lines = LogLineSerializer(many=True)
    next_after = serializers.IntegerField()
    ended = serializers.BooleanField(help_text="Whether this was the last of it.")
