from __future__ import annotations

from rest_framework import serializers

from portal.accounts.models import ApiToken
from portal.api.v1.serializers import Strict


class TokenSerializer(serializers.ModelSerializer[ApiToken]):
    """`id` is the token's beginning, by which you know it again."""

    id = serializers.CharField(source="token_key", read_only=True)

    class Meta:
        model = ApiToken
        fields: tuple[str, ...] = ("id", "name", "created", "expiry", "last_used_at")
        read_only_fields = fields


class CreatedToken(TokenSerializer):
    token = serializers.CharField(read_only=True, help_text="Shown this once: only its digest is stored.")

    class Meta(TokenSerializer.Meta):
        fields = (*TokenSerializer.Meta.fields, "token")
        read_only_fields = fields


class NewToken(Strict):
    name = serializers.CharField(max_length=80, help_text="What it is used for.")
    expires_in_days = serializers.IntegerField(required=False, min_value=1, max_value=3650)
