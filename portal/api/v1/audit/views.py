from __future__ import annotations

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.api.v1.audit.filters import AuditFilters
from portal.api.v1.audit.serializers import AuditEventSerializer, VerificationSerializer
from portal.api.v1.pagination import Stream
from portal.api.v1.viewsets import ApiViewSet, actor_of
from portal.audit import verifying
from portal.audit.models import AuditEvent


class NewestFirst(Stream):
    ordering = ("-at", "-id")


class AuditViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet):
    """The audit trail. All of it for its readers; your teams' and your own part for everybody else."""

    queryset = AuditEvent.objects.none()
    serializer_class = AuditEventSerializer
    filterset_class = AuditFilters
    pagination_class = NewestFirst
    lookup_value_regex = "[0-9a-fA-F-]{36}"

    def get_queryset(self) -> QuerySet[AuditEvent]:
        return AuditEvent.objects.visible_to(actor_of(self.request)).select_related("team")

    @extend_schema(responses=VerificationSerializer)
    @action(detail=False, pagination_class=None, filterset_class=None)
    def verify(self, request: Request) -> Response:
        """Walk the whole hash chain and name the first record that does not fit."""
        require(actor_of(request), Verb.AUDIT)
        return Response(VerificationSerializer(verifying.verify(processes=1)).data)
