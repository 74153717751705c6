"""Versions of charts: their reports, publishing them, putting them on offer."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.api.v1.sources import examples
from portal.api.v1.sources.filters import SourceVersionFilters
from portal.api.v1.sources.serializers import (
    DeclarationSerializer,
    RetireRequest,
    SourceVersionDetail,
    SourceVersionRow,
)
from portal.api.v1.viewsets import ApiViewSet, actor_of
from portal.core.errors import StateConflict
from portal.lifecycle.selectors import import_policies
from services_catalog.imports import moves, proposals, publishing
from services_catalog.models import ChartSource, OfferingVersion, SourceVersion
from services_catalog.sources import services

SLUG = OpenApiParameter("source_slug", str, OpenApiParameter.PATH, description="The source's slug.")
ID = OpenApiParameter("id", int, OpenApiParameter.PATH)
PLACE = [SLUG, ID]


class SourceVersionViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet):
    """What was found in a source, and what is made of it."""

    queryset = SourceVersion.objects.none()
    serializer_class = SourceVersionDetail
    serializers = {"list": SourceVersionRow}
    filterset_class = SourceVersionFilters
    lookup_value_regex = "[0-9]{1,18}"

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        require(actor_of(request), Verb.AUDIT if request.method == "GET" else Verb.CURATE)

    def get_queryset(self) -> QuerySet[SourceVersion]:
        source = get_object_or_404(ChartSource.objects.present(), slug=self.kwargs["source_slug"])
        rows = SourceVersion.objects.filter(source=source).order_by("chart", "-pk")
        rows = rows.select_related("source", "archive", "offering_version__offering")
        rows = rows.defer("archive__content", "source__secret", "source__keyring")
        return rows.defer("report", "archive__content") if self.action == "list" else rows

    @extend_schema(parameters=[SLUG])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Every version that was seen; refused ones say why."""
        return super().list(request, *args, **kwargs)

    @extend_schema(parameters=PLACE)
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One version with the report on it."""
        return super().retrieve(request, *args, **kwargs)

    @extend_schema(parameters=PLACE, responses=DeclarationSerializer)
    @action(detail=True)
    def declaration(self, request: Request, **_: Any) -> Response:
        """What to start from: the draft's declaration, else the last version's, else what the chart says."""
        row = self.get_object()
        chart = publishing.usable_chart(row)
        return Response({"declaration": proposals.proposal(row, chart)})

    @extend_schema(
        parameters=PLACE,
        request=DeclarationSerializer,
        responses={201: SourceVersionDetail},
        examples=examples.DECLARATIONS,
    )
    @action(detail=True, methods=["post"])
    def publish(self, request: Request, **_: Any) -> Response:
        """Make a draft of it, or declare the draft anew. Errors stand at pointers into the declaration."""
        row, data = self.get_object(), self.read(DeclarationSerializer, request)
        publishing.publish(row, data["declaration"], actor=actor_of(request))
        return Response(SourceVersionDetail(self.get_object()).data, status=status.HTTP_201_CREATED)

    @extend_schema(parameters=PLACE, request=None, responses=SourceVersionDetail)
    @action(detail=True, methods=["post"])
    def activate(self, request: Request, **_: Any) -> Response:
        """Put its draft on offer, after every plan was tried. `reasons` say what stands against it."""
        policies, capabilities = import_policies.current()
        version = published(self.get_object())
        moves.activate(version, actor=actor_of(request), policies=policies, capabilities=capabilities)
        return self._as_it_is()

    @extend_schema(
        parameters=PLACE, request=RetireRequest, responses=SourceVersionDetail, examples=examples.REASONS
    )
    @action(detail=True, methods=["post"])
    def retire(self, request: Request, **_: Any) -> Response:
        """Take it off for good. What runs keeps running."""
        data = self.read(RetireRequest, request)
        moves.retire(published(self.get_object()), actor=actor_of(request), **data)
        return self._as_it_is()

    @extend_schema(parameters=PLACE, request=None, responses=SourceVersionDetail)
    @action(detail=True, methods=["post"])
    def discard(self, request: Request, **_: Any) -> Response:
        """Throw its draft away."""
        moves.discard(published(self.get_object()), actor=actor_of(request))
        return self._as_it_is()

    @extend_schema(parameters=PLACE, request=None, responses=SourceVersionDetail)
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, **_: Any) -> Response:
        """Look again at a version that was refused, with the next sync, which follows."""
        services.retry(self.get_object(), actor=actor_of(request))
        return self._as_it_is()

    def _as_it_is(self) -> Response:
        return Response(SourceVersionDetail(self.get_object()).data)


def published(row: SourceVersion) -> OfferingVersion:
    if row.offering_version is None:
        raise StateConflict(f"{row.chart} {row.version} is not published. Publish it first.")
    return row.offering_version
