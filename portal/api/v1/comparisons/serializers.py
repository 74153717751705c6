"""One version against another."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from portal.api.v1.changes.serializers import ObjectDiffSerializer
from portal.api.v1.serializers import ProblemError, VerdictSerializer

CHANGES = ("added", "removed", "changed")


class KeyChangeSerializer(serializers.Serializer[Any]):
    """A value that came, went, or is otherwise: its defaults, and what its schema says otherwise."""

    path = serializers.CharField(help_text="A JSON pointer; * stands for any key or position.")
    change = serializers.ChoiceField(choices=CHANGES)
    description = serializers.CharField(allow_blank=True)
    old = serializers.JSONField(allow_null=True)
    new = serializers.JSONField(allow_null=True)
    rules = serializers.ListField(child=serializers.CharField())
    required: Any = serializers.BooleanField()


class PlanChangeSerializer(serializers.Serializer[Any]):
    slug = serializers.CharField()
    change = serializers.ChoiceField(choices=CHANGES)
    old_cents = serializers.IntegerField(allow_null=True)
    new_cents = serializers.IntegerField(allow_null=True)
    values: Any = serializers.ListField(child=serializers.CharField(), help_text="What it sets otherwise.")


class NoteSerializer(serializers.Serializer[Any]):
    version = serializers.CharField()
    notes = serializers.CharField(allow_blank=True)


class ComparisonSerializer(serializers.Serializer[Any]):
    """`problem` says why the objects cannot be compared, `errors` which values of the instance no longer
    fit, `note` with which values it was rendered."""

    old = serializers.CharField(source="pair.old.version")
    new = serializers.CharField(source="pair.new.version")
    environment = serializers.SlugField(source="environment.slug")
    keys: Any = KeyChangeSerializer(many=True)
    plans = PlanChangeSerializer(many=True)
    changelog = NoteSerializer(many=True, source="pair.changelog")
    problem = serializers.CharField(source="rendering.problem", allow_blank=True)
    note = serializers.CharField(source="rendering.note", allow_blank=True)
    value_errors = ProblemError(many=True, source="rendering.errors")
    diff = ObjectDiffSerializer(many=True, source="rendering.diff")
    verdicts = VerdictSerializer(many=True, source="rendering.findings")
