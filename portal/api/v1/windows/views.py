"""Freezes and opening hours of one environment."""

from __future__ import annotations

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, status
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.v1.viewsets import ApiViewSet, actor_of
from portal.api.v1.windows import examples
from portal.api.v1.windows.serializers import WindowRequest, WindowSerializer
from portal.environments import window_services
from portal.environments.models import Environment, Window

SLUG = OpenApiParameter("environment_slug", str, OpenApiParameter.PATH, description="The environment's slug.")


class WindowViewSet(mixins.ListModelMixin, ApiViewSet):
    """When changes may run in an environment."""

    queryset = Window.objects.none()
    serializer_class = WindowSerializer
    lookup_value_regex = "[0-9]{1,18}"

    def get_queryset(self) -> QuerySet[Window]:
        rows = Window.objects.filter(environment__slug=self.kwargs["environment_slug"])
        return rows.select_related("environment", "saved_by").order_by("id")

    @extend_schema(parameters=[SLUG])
    def list(self, request: Request, environment_slug: str) -> Response:
        """Every freeze and all opening hours, also those that are over."""
        get_object_or_404(Environment, slug=environment_slug)
        return super().list(request, environment_slug)

    @extend_schema(
        parameters=[SLUG],
        request=WindowRequest,
        responses={201: WindowSerializer},
        examples=examples.WINDOWS,
    )
    def create(self, request: Request, environment_slug: str) -> Response:
        """Add a freeze or opening hours. It holds at once, for what waits as well."""
        environment = get_object_or_404(Environment, slug=environment_slug)
        data = self.read(WindowRequest, request)
        window = window_services.create(environment, actor=actor_of(request), **data)
        return Response(self.get_serializer(window).data, status=status.HTTP_201_CREATED)

    @extend_schema(
        parameters=[SLUG],
        request=WindowRequest(partial=True),
        responses=WindowSerializer,
        examples=examples.CHANGES,
    )
    def partial_update(self, request: Request, environment_slug: str, pk: str) -> Response:
        """Set some of its fields anew."""
        window = self.get_object()
        data = self.read(WindowRequest, request, partial=True)
        window = window_services.change(window, actor=actor_of(request), **data)
        return Response(self.get_serializer(window).data)

    @extend_schema(parameters=[SLUG], responses={204: None})
    def destroy(self, request: Request, environment_slug: str, pk: str) -> Response:
        """Take it away. The audit trail keeps what it was."""
        window_services.remove(self.get_object(), actor=actor_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)
