"""How the gates work, in figures."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.api.v1.viewsets import ApiViewSet, actor_of
from portal.core.errors import InvalidInput
from portal.insights import gates
from portal.lifecycle.models import ChangeRequest

MONTHS = OpenApiParameter(
    "months",
    {"type": "integer", "minimum": 1, "maximum": gates.MOST_MONTHS, "default": gates.DEFAULT_MONTHS},
    description="How many, this one included.",
)
ENVIRONMENT = OpenApiParameter("environment", str, description="An environment's slug; left out: all.")


class GateReportRow(serializers.Serializer[Any]):
    """One environment in one month, of the changes that waited at its gate."""

    environment = serializers.CharField()
    month = serializers.CharField(help_text="Such as 2026-11, in UTC.")
    asked = serializers.IntegerField()
    approved = serializers.IntegerField(help_text="By people, not by breaking the glass.")
    rejected = serializers.IntegerField()
    expired = serializers.IntegerField()
    superseded = serializers.IntegerField()
    median_hours = serializers.FloatField(allow_null=True, help_text="From asking to the decision.")
    p90_hours = serializers.FloatField(allow_null=True)
    break_glass = serializers.IntegerField(help_text="Passed in an emergency in that month.")
    unreviewed = serializers.IntegerField()
    overdue = serializers.IntegerField(help_text="Reviewed late, or late and not reviewed yet.")
    unjustified = serializers.IntegerField()


class GateReportViewSet(ApiViewSet):
    """For whoever reads the whole audit trail."""

    queryset = ChangeRequest.objects.none()
    serializer_class = GateReportRow
    pagination_class = None
    parameters = {"list": frozenset({"months", "environment"})}
    paged = frozenset()

    @extend_schema(parameters=[MONTHS, ENVIRONMENT], responses=GateReportRow(many=True))
    def list(self, request: Request) -> Response:
        """Decisions and emergencies by environment and month, the newest month first."""
        require(actor_of(request), Verb.AUDIT)
        slug = request.query_params.get("environment")
        rows = gates.report(_months(request.query_params.get("months")), [slug] if slug else [])
        return Response(GateReportRow(rows, many=True).data)


def _months(text: str | None) -> int:
    if text is None:
        return gates.DEFAULT_MONTHS
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= gates.MOST_MONTHS):
        raise InvalidInput(f"months must be a whole number from 1 to {gates.MOST_MONTHS}.")
    return int(text)
