from __future__ import annotations

from typing import Any

from rest_framework import serializers

from portal.api.v1.serializers import Strict
from services_catalog import deprecations


class DeprecationRequest(Strict):
    """From `retires_on` on (UTC) nothing is changed to it or within it. `successor` is a version of the
    offering, or an offering's slug."""

    message = serializers.CharField(max_length=deprecations.LONGEST_MESSAGE)
    retires_on = serializers.DateField(required=False, allow_null=True)
    successor = serializers.CharField(required=False, allow_blank=True, max_length=64)


class DeprecationSerializer(serializers.Serializer[Any]):
    state = serializers.CharField()
    deprecated_at = serializers.DateTimeField(allow_null=True)
    retires_on = serializers.DateField(allow_null=True)
    message = serializers.CharField(allow_blank=True)
    successor = serializers.CharField(allow_null=True)
