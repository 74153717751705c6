"""What another version would mean."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.v1.comparisons.serializers import ComparisonSerializer
from portal.api.v1.viewsets import ApiViewSet, actor_of
from portal.core.errors import InvalidInput
from portal.lifecycle.services import comparisons
from services_catalog.models import OfferingVersion

SAID = {
    "old": "A version; left out: the one before the newest.",
    "new": "A version; left out: the newest that may be requested.",
    "environment": "Where it would be rendered; left out: the first.",
    "instance": "An instance's id: its own values are taken, and its version is the old one.",
}
PARAMETERS = [
    OpenApiParameter("offering_slug", str, OpenApiParameter.PATH, description="An offering's slug."),
    *(OpenApiParameter(name, str, OpenApiParameter.QUERY, description=said) for name, said in SAID.items()),
]


class ComparisonViewSet(ApiViewSet):
    """Values, plans, rendered objects, policies' verdicts, and what was written about versions between."""

    queryset = OfferingVersion.objects.none()
    serializer_class = ComparisonSerializer
    filterset_class = None
    parameters = {"retrieve": frozenset(SAID)}

    @extend_schema(parameters=PARAMETERS)
    def retrieve(self, request: Request, offering_slug: str) -> Response:
        """One version of an offering against another."""
        asked = {name: request.query_params.get(name, "") for name in ("old", "new", "environment")}
        number = request.query_params.get("instance", "")
        if number and not (number.isascii() and number.isdecimal() and len(number) < 18):
            raise InvalidInput("instance must be a whole number.")
        found = comparisons.compare(
            actor_of(request), offering_slug, **asked, instance=int(number) if number else None
        )
        return Response(ComparisonSerializer(found).data)
