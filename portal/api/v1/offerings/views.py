"""The application services library, to read."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins
from rest_framework.request import Request
from rest_framework.response import Response

from portal.accounts.roles import Verb
from portal.api.v1.offerings.filters import OfferingFilters, PlanFilters
from portal.api.v1.offerings.serializers import (
    OfferingDetail,
    OfferingRow,
    PlanSerializer,
    VersionDetail,
    VersionRow,
)
from portal.api.v1.viewsets import ApiViewSet, actor_of
from services_catalog.models import Offering, OfferingVersion, Plan, VersionStatus

OFFERING = OpenApiParameter("offering_slug", str, OpenApiParameter.PATH, description="An offering's slug.")


class OfferingViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet):
    """Entries of the application services library."""

    queryset = Offering.objects.none()
    serializers = {"list": OfferingRow, "retrieve": OfferingDetail}
    filterset_class = OfferingFilters
    lookup_field = "slug"
    lookup_value_regex = "[-a-zA-Z0-9_]{1,60}"

    def get_queryset(self) -> QuerySet[Offering]:
        return Offering.objects.visible_to(actor_of(self.request))


class VersionViewSet(mixins.ListModelMixin, ApiViewSet):
    """Versions of one offering; drafts are for those who curate the catalog."""

    serializers = {"list": VersionRow, "retrieve": VersionDetail}
    queryset = OfferingVersion.objects.none()
    lookup_field = "version"
    lookup_value_regex = r"[0-9A-Za-z.+-]{1,64}"

    def get_queryset(self) -> QuerySet[OfferingVersion]:
        offering = get_object_or_404(
            Offering.objects.visible_to(actor_of(self.request)), slug=self.kwargs["offering_slug"]
        )
        rows = offering.versions.select_related("offering").order_by("-pk")
        if not actor_of(self.request).access.may(Verb.CURATE):
            rows = rows.exclude(status=VersionStatus.DRAFT)
        return rows

    @extend_schema(parameters=[OFFERING])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)

    @extend_schema(parameters=[OFFERING])
    def retrieve(self, request: Request, offering_slug: str, version: str) -> Response:
        rows = self.get_queryset().prefetch_related("plans__offering_version__offering")
        return Response(self.get_serializer(get_object_or_404(rows, version=version)).data)


class PlanViewSet(mixins.ListModelMixin, ApiViewSet):
    """Plans of all offered versions, with their price."""

    queryset = (
        Plan.objects.select_related("offering_version__offering")
        .filter(offering_version__status__in=(VersionStatus.ACTIVE, VersionStatus.DEPRECATED))
        .order_by("offering_version__offering__slug", "-offering_version__pk", "order", "slug")
        .only(
            *(f.name for f in Plan._meta.concrete_fields),
            "offering_version__version",
            "offering_version__offering__slug",
        )
    )
    serializer_class = PlanSerializer
    filterset_class = PlanFilters

    def get_queryset(self) -> QuerySet[Plan]:
        offered = Offering.objects.visible_to(actor_of(self.request))
        return super().get_queryset().filter(offering_version__offering__in=offered)
