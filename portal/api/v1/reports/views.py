"""What the fleet scan found, instance by instance."""

from __future__ import annotations

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.v1.reports import rows
from portal.api.v1.reports.filters import ReportFilters
from portal.api.v1.reports.serializers import ReportSerializer
from portal.api.v1.viewsets import ApiViewSet, actor_of
from portal.core import clock
from portal.lifecycle.models import PolicyReport
from portal.lifecycle.selectors import bundle


class ReportViewSet(ApiViewSet):
    """Policy reports of what runs."""

    queryset = PolicyReport.objects.none()
    serializer_class = ReportSerializer
    filterset_class = ReportFilters

    def get_queryset(self) -> QuerySet[PolicyReport]:
        return PolicyReport.objects.visible_to(actor_of(self.request)).for_lists().order_by("pk")

    def list(self, request: Request) -> Response:
        """A PolicyReport for each instance that was scanned."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        found = rows.rows(page or (), bundle.current(), clock.now())
        return self.get_paginated_response(ReportSerializer(found, many=True).data)
