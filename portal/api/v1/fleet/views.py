"""Who runs which version where, as JSON and as CSV."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.v1.audit.renderers import CommaSeparated
from portal.api.v1.fleet.filters import FleetFilters
from portal.api.v1.fleet.serializers import FleetRow
from portal.api.v1.viewsets import ApiViewSet, actor_of
from portal.lifecycle.models import ServiceInstance
from portal.lifecycle.selectors import fleet, fleet_export


class FleetViewSet(mixins.ListModelMixin, ApiViewSet):
    """What runs, by name, with how far its version is behind; of your teams, or all that you may see."""

    queryset = ServiceInstance.objects.none()
    serializer_class = FleetRow
    filterset_class = FleetFilters
    parameters = {"export": frozenset(FleetFilters.base_filters)}

    def get_queryset(self) -> QuerySet[ServiceInstance]:
        return fleet.rows(actor_of(self.request))

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        return self.get_paginated_response(FleetRow(fleet_export.lines(page), many=True).data)

    @extend_schema(filters=True, responses={(200, CommaSeparated.media_type): OpenApiTypes.STR})
    @action(detail=False, pagination_class=None, renderer_classes=[JSONRenderer, CommaSeparated])
    def export(self, request: Request) -> StreamingHttpResponse:
        """The same as CSV, all of it."""
        rows = self.filter_queryset(self.get_queryset())
        lines: Iterator[str] = fleet_export.comma_separated(rows)
        answer = StreamingHttpResponse(lines, content_type=f"{CommaSeparated.media_type}; charset=utf-8")
        answer["Content-Disposition"] = 'attachment; filename="fleet.csv"'
        answer["Cache-Control"] = "no-store"
        return answer
