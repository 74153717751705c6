from __future__ import annotations

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.api.v1.audit.filters import AuditFilters
from portal.api.v1.audit.renderers import CommaSeparated, JsonLines
from portal.api.v1.audit.serializers import AuditEventSerializer, VerificationSerializer
from portal.api.v1.pagination import Stream
from portal.api.v1.viewsets import ApiViewSet, actor_of
from portal.audit import exporting, passes
from portal.audit.models import AuditEvent
from portal.core.errors import InvalidInput

AS = OpenApiParameter("as", enum=sorted(exporting.FORMATS), default="jsonl", description="What to write.")


class NewestFirst(Stream):
    ordering = ("-at", "-id")


class AuditViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet):
    """The audit trail. All of it for its readers; your teams' and your own part for everybody else."""

    queryset = AuditEvent.objects.none()
    serializer_class = AuditEventSerializer
    filterset_class = AuditFilters
    pagination_class = NewestFirst
    lookup_value_regex = "[0-9a-fA-F-]{36}"
    parameters = {"export": frozenset({"as", *AuditFilters.base_filters})}

    def get_queryset(self) -> QuerySet[AuditEvent]:
        return AuditEvent.objects.visible_to(actor_of(self.request)).select_related("team")

    @extend_schema(responses=VerificationSerializer)
    @action(detail=False, pagination_class=None, filterset_class=None)
    def verify(self, request: Request) -> Response:
        """Walk the hash chain, as far as a request may take, and name the first record that is wrong."""
        require(actor_of(request), Verb.AUDIT)
        return Response(VerificationSerializer(passes.look()).data)

    @extend_schema(
        parameters=[AS],
        filters=True,
        responses={
            (200, JsonLines.media_type): OpenApiTypes.STR,
            (200, CommaSeparated.media_type): OpenApiTypes.STR,
        },
    )
    @action(detail=False, pagination_class=None, renderer_classes=[JSONRenderer, JsonLines, CommaSeparated])
    def export(self, request: Request) -> StreamingHttpResponse:
        """Copy what may be seen of the trail, in order of lane and sequence. The copy is recorded itself."""
        form = request.query_params.get("as", "jsonl")
        if form not in exporting.FORMATS:
            raise InvalidInput(f"as must be one of {', '.join(sorted(exporting.FORMATS))}.")
        asked = {name: value for name, value in request.query_params.lists() if name != "as" and any(value)}
        selection = {name: ",".join(value) for name, value in asked.items()}
        actor = actor_of(request)
        lines = exporting.export(
            self.filter_queryset(self.get_queryset()),
            form,
            actor=actor,
            selection=selection,
            complete=not selection and actor.access.may(Verb.AUDIT),
        )
        return exporting.download(lines, form)
