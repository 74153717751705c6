"""What a rule or a mode would break, before it is made so."""

from __future__ import annotations

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.api.v1.blast_radii.examples import PROPOSALS
from portal.api.v1.blast_radii.serializers import BlastRadiusDetail, BlastRadiusRequest, BlastRadiusRow
from portal.api.v1.viewsets import ApiViewSet, actor_of
from portal.lifecycle.models import BlastRadius
from portal.lifecycle.services import blast_radii


class BlastRadiusViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet):
    """Questions and answers, newest first. For those who may read everything: answers name every team."""

    queryset = BlastRadius.objects.none()
    serializers = {"list": BlastRadiusRow, "retrieve": BlastRadiusDetail}
    lookup_value_regex = "[0-9]{1,18}"

    def get_queryset(self) -> QuerySet[BlastRadius]:
        actor = actor_of(self.request)
        require(actor, Verb.AUDIT)
        rows = BlastRadius.objects.visible_to(actor).select_related("requested_by")
        return rows.defer("proposal", "result") if self.action == "list" else rows

    @extend_schema(request=BlastRadiusRequest, responses={202: BlastRadiusRow}, examples=PROPOSALS)
    def create(self, request: Request) -> Response:
        """Ask what a proposal would break. Nothing is changed; a worker answers, look there for it."""
        radius = blast_radii.ask(actor_of(request), self.read(BlastRadiusRequest, request))
        location = reverse("api:blast-radius-detail", [radius.pk])
        return Response(
            BlastRadiusRow(radius).data, status=status.HTTP_202_ACCEPTED, headers={"Location": location}
        )
