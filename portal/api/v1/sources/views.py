"""Sources of charts: for who may read everything; platform engineers add, change and remove them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.api.v1.sources import examples
from portal.api.v1.sources.serializers import ChartSourceChange, ChartSourceRequest, ChartSourceSerializer
from portal.api.v1.viewsets import ApiViewSet, actor_of
from services_catalog.models import ChartSource
from services_catalog.sources import services


class SourceViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet):
    """Where charts come from."""

    queryset = ChartSource.objects.none()
    serializer_class = ChartSourceSerializer
    lookup_field = "slug"
    lookup_value_regex = "[-a-zA-Z0-9_]{1,60}"

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        require(actor_of(request), Verb.AUDIT if request.method == "GET" else Verb.CURATE)

    def get_queryset(self) -> QuerySet[ChartSource]:
        return ChartSource.objects.present().order_by("slug")

    @extend_schema(
        request=ChartSourceRequest, responses={201: ChartSourceSerializer}, examples=examples.SOURCES
    )
    def create(self, request: Request) -> Response:
        """Add a source. It is read at once, and again and again."""
        source = services.create(actor=actor_of(request), **self.read(ChartSourceRequest, request))
        return Response(ChartSourceSerializer(source).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=ChartSourceChange, responses=ChartSourceSerializer, examples=examples.CHANGES)
    def partial_update(self, request: Request, slug: str) -> Response:
        """Set some of its fields anew; it keeps its slug and kind."""
        data = self.read(ChartSourceChange, request)
        source = services.change(self.get_object(), actor=actor_of(request), **data)
        return Response(ChartSourceSerializer(source).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, slug: str) -> Response:
        """Take it away. What was published of it stays; while it is on offer this is refused."""
        services.remove(self.get_object(), actor=actor_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=None, responses={202: ChartSourceSerializer})
    @action(detail=True, methods=["post"])
    def sync(self, request: Request, slug: str) -> Response:
        """Have it read now. A worker does it; `syncing` and `synced_at` tell."""
        source = services.ask(self.get_object(), actor=actor_of(request))
        return Response(ChartSourceSerializer(source).data, status=status.HTTP_202_ACCEPTED)
