from __future__ import annotations

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import mixins, status
from rest_framework.request import Request
from rest_framework.response import Response

from portal.accounts.models import Team
from portal.accounts.permissions import scoped
from portal.api.v1.applications.filters import ApplicationFilters
from portal.api.v1.applications.serializers import ApplicationSerializer, NewApplication
from portal.api.v1.viewsets import ApiViewSet, actor_of
from portal.lifecycle.models import Application
from portal.lifecycle.services import applications

EXAMPLE = OpenApiExample(
    "An application of team shop",
    {"team": "shop", "slug": "storefront", "name": "Storefront"},
    request_only=True,
)


class ApplicationViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet):
    """What teams run, across environments."""

    queryset = Application.objects.none()
    serializer_class = ApplicationSerializer
    filterset_class = ApplicationFilters
    lookup_field = "slug"
    lookup_value_regex = "[-a-z0-9]{1,30}"

    def get_queryset(self) -> QuerySet[Application]:
        return Application.objects.visible_to(actor_of(self.request)).select_related("team").order_by("slug")

    @extend_schema(request=NewApplication, responses={201: ApplicationSerializer}, examples=[EXAMPLE])
    def create(self, request: Request) -> Response:
        """Register an application. Only maintainers of the team may."""
        data = self.read(NewApplication, request)
        team = get_object_or_404(scoped(Team.objects.all(), actor_of(request), "id"), slug=data.pop("team"))
        application = applications.create(team=team, actor=actor_of(request), **data)
        return Response(ApplicationSerializer(application).data, status=status.HTTP_201_CREATED)
