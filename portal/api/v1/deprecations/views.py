"""Putting offerings and versions on their way out, and back."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from portal.accounts.roles import Verb
from portal.api.v1.deprecations.serializers import DeprecationRequest, DeprecationSerializer
from portal.api.v1.viewsets import ApiViewSet, actor_of
from services_catalog import deprecations
from services_catalog.deprecations import Subject
from services_catalog.models import Offering, OfferingVersion, VersionStatus

OFFERING = OpenApiParameter("offering_slug", str, OpenApiParameter.PATH, description="An offering's slug.")
VERSION = OpenApiParameter("version", str, OpenApiParameter.PATH, description="A version of it.")
EXAMPLES = [
    OpenApiExample(
        "Until the end of the quarter",
        {"message": "It reaches its end of life. Upgrade.", "retires_on": "2090-03-31"},
        request_only=True,
    )
]


class OfferingDeprecationViewSet(ApiViewSet):
    """Of a whole offering."""

    queryset: QuerySet[Any] = Offering.objects.none()
    serializer_class = DeprecationSerializer
    filterset_class = None

    def get_object(self) -> Subject:
        rows = Offering.objects.visible_to(actor_of(self.request)).select_related("successor")
        return get_object_or_404(rows, slug=self.kwargs["offering_slug"])

    @extend_schema(
        parameters=[OFFERING], request=DeprecationRequest, responses=DeprecationSerializer, examples=EXAMPLES
    )
    def update(self, request: Request, **kwargs: Any) -> Response:
        """Put it on its way out, or change what was said of that; its owners are told."""
        subject = self.get_object()
        data = self.read(DeprecationRequest, request)
        deprecations.deprecate(subject, actor=actor_of(request), data=data)
        return Response(_said(self.get_object()))

    @extend_schema(parameters=[OFFERING], request=None, responses={204: None})
    def destroy(self, request: Request, **kwargs: Any) -> Response:
        """Take it back: it may be requested again."""
        deprecations.lift(self.get_object(), actor=actor_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class VersionDeprecationViewSet(OfferingDeprecationViewSet):
    """Of one version."""

    queryset = OfferingVersion.objects.none()

    def get_object(self) -> Subject:
        offering = get_object_or_404(
            Offering.objects.visible_to(actor_of(self.request)), slug=self.kwargs["offering_slug"]
        )
        rows = OfferingVersion.objects.select_related("offering", "successor")
        if not actor_of(self.request).access.may(Verb.CURATE):
            rows = rows.exclude(status=VersionStatus.DRAFT)
        return get_object_or_404(rows, offering=offering, version=self.kwargs["version"])

    @extend_schema(
        parameters=[OFFERING, VERSION],
        request=DeprecationRequest,
        responses=DeprecationSerializer,
        examples=EXAMPLES,
    )
    def update(self, request: Request, **kwargs: Any) -> Response:
        """Put it on its way out, or change what was said of that; owners of what runs it are told."""
        return super().update(request, **kwargs)

    @extend_schema(parameters=[OFFERING, VERSION], request=None, responses={204: None})
    def destroy(self, request: Request, **kwargs: Any) -> Response:
        """Take it back: it may be requested again."""
        return super().destroy(request, **kwargs)


def _said(subject: Subject) -> dict[str, Any]:
    facts = deprecations.facts(subject)
    return {**facts, "deprecated_at": subject.deprecated_at}
