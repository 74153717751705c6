from __future__ import annotations

from typing import Any

from rest_framework import serializers

from portal.accounts.roles import PlatformRoleName, TeamRole


class OwnMembershipSerializer(serializers.Serializer[Any]):
    team = serializers.SlugField()
    role = serializers.ChoiceField(choices=TeamRole.choices)


class MeSerializer(serializers.Serializer[Any]):
    """Who you are here, and what that lets you do."""

    username = serializers.CharField()
    name = serializers.CharField()
    is_service_account = serializers.BooleanField()
    teams = OwnMembershipSerializer(many=True)
    platform_roles = serializers.ListField(child=serializers.ChoiceField(choices=PlatformRoleName.choices))
    awaiting_decision = serializers.IntegerField(help_text="How many changes wait for your decision.")
