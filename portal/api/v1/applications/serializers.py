from __future__ import annotations

from rest_framework import serializers

from portal.api.v1.serializers import Strict
from portal.lifecycle.models import Application


class ApplicationSerializer(serializers.ModelSerializer[Application]):
    team = serializers.SlugField(source="team.slug", read_only=True)

    class Meta:
        model = Application
        fields = ("slug", "name", "description", "team", "created_at")
        read_only_fields = fields


class NewApplication(Strict):
    """`slug` names the application's namespaces: `<slug>-<environment>`."""

    team = serializers.SlugField(max_length=30, help_text="The owning team's slug.")
    slug = serializers.CharField(max_length=30)
    name = serializers.CharField(max_length=80)
    description = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")
