from __future__ import annotations

from rest_framework import serializers

from portal.accounts.models import Membership, Team
from portal.api.v1.serializers import Strict


class MemberSerializer(serializers.ModelSerializer[Membership]):
    username = serializers.CharField(source="user.username", read_only=True)
    name = serializers.CharField(source="user.display_name", read_only=True)

    class Meta:
        model = Membership
        fields: tuple[str, ...] = ("username", "name", "role", "on_call")
        read_only_fields = fields


class TeamRow(serializers.ModelSerializer[Team]):
    class Meta:
        model = Team
        fields: tuple[str, ...] = ("slug", "name", "contact")
        read_only_fields = fields


class TeamDetail(TeamRow):
    members = MemberSerializer(source="memberships", many=True, read_only=True)

    class Meta(TeamRow.Meta):
        fields = (*TeamRow.Meta.fields, "members")
        read_only_fields = fields


class MemberRequest(Strict):
    on_call = serializers.BooleanField(help_text="A maintainer on call may pass a gate in an emergency.")
