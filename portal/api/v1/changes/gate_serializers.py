"""What happens at the gate of a change: decisions, emergencies, their reviews, comments."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from portal.api.v1.serializers import Strict
from portal.lifecycle.models import Approval, BreakGlass, ChangeComment
from portal.lifecycle.services.comments import LONGEST

DIGEST = r"^sha256:[0-9a-f]{64}$"


class ApprovalSerializer(serializers.ModelSerializer[Approval]):
    """`valid`: of what is sealed now; false for a decision on a release that was sealed before."""

    actor = serializers.CharField(source="actor.username", read_only=True)
    valid = serializers.SerializerMethodField()

    class Meta:
        model = Approval
        fields: tuple[str, ...] = ("actor", "decision", "digest", "valid", "comment", "at")
        read_only_fields = fields

    def get_valid(self, approval: Approval) -> bool:
        return approval.digest == approval.change.seal


class BreakGlassRequest(Strict):
    """Everybody is told, and another operator has to review it."""

    digest = serializers.RegexField(DIGEST, help_text="The change's, as you saw it.")
    reason = serializers.CharField(max_length=2000, help_text="What the emergency is, in a sentence.")
    password = serializers.CharField(
        required=False,
        write_only=True,
        max_length=128,
        trim_whitespace=False,
        default="",
        help_text="Yours, where the gate wants it again.",
    )


class ReviewRequest(Strict):
    review = serializers.ChoiceField(choices=BreakGlass.Review.choices)
    comment = serializers.CharField(max_length=2000)


class BreakGlassSerializer(serializers.ModelSerializer[BreakGlass]):
    """How the gate was passed without a decision. `review` is empty until another operator has given one."""

    actor = serializers.CharField(source="actor.username", read_only=True)
    policies = serializers.ListField(
        child=serializers.CharField(), help_text="Policies that refused it and admit an emergency."
    )
    reviewed_by = serializers.CharField(
        source="reviewed_by.username", default=None, allow_null=True, read_only=True
    )
    review = serializers.ChoiceField(choices=BreakGlass.Review.choices, allow_blank=True)

    class Meta:
        model = BreakGlass
        fields = (
            "actor",
            "reason",
            "digest",
            "at",
            "policies",
            "review_due_at",
            "reviewed_by",
            "reviewed_at",
            "review",
            "review_comment",
        )
        read_only_fields = fields


class CommentRequest(Strict):
    """With `asks_change` it is the wish, of somebody who may decide, that another release be asked for; then
    `digest` says of which one."""

    text = serializers.CharField(max_length=LONGEST)
    asks_change = serializers.BooleanField(default=False)
    digest = serializers.RegexField(DIGEST, required=False, help_text="The change's, with `asks_change`.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["asks_change"] and not attrs.get("digest"):
            raise serializers.ValidationError({"digest": "Say of which release, with the digest you saw."})
        return attrs


class CommentSerializer(serializers.ModelSerializer[ChangeComment]):
    """`standing`: a wish for a change of what is sealed now, which nobody has taken back."""

    author = serializers.CharField(source="author.username", read_only=True)
    standing = serializers.SerializerMethodField()

    class Meta:
        model = ChangeComment
        fields = ("id", "author", "at", "text", "asks_change", "digest", "standing", "settled_at")
        read_only_fields = fields

    def get_standing(self, comment: ChangeComment) -> bool:
        wish = comment.asks_change and comment.settled_at is None
        return wish and comment.digest == comment.change.seal
