"""Who runs which version."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

STATES = ("newest", "behind", "deprecated", "overdue")


class FleetRow(serializers.Serializer[Any]):
    """One instance and how its version stands: `versions_behind` newer ones are on offer, the first of them
    since `days_behind`. Overdue: its version has retired, and nothing is changed within it any more."""

    instance = serializers.IntegerField()
    name = serializers.CharField()
    offering = serializers.CharField()
    application = serializers.CharField()
    team = serializers.CharField()
    environment = serializers.CharField()
    version = serializers.CharField()
    state = serializers.ChoiceField(choices=STATES)
    versions_behind = serializers.IntegerField()
    days_behind = serializers.IntegerField()
    newest = serializers.CharField(allow_blank=True, help_text="Empty when it runs it.")
    retires_on = serializers.DateField(allow_null=True)
