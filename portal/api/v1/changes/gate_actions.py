"""Around the gate of a change: passing it in an emergency, the review of that, sealing again."""

from __future__ import annotations

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from portal.api.v1.changes import examples
from portal.api.v1.changes.gate_serializers import BreakGlassRequest, ReviewRequest
from portal.api.v1.changes.serializers import ChangeDetail
from portal.api.v1.viewsets import ApiViewSet, actor_of
from portal.core.errors import NotFound
from portal.lifecycle.models import BreakGlass, ChangeRequest
from portal.lifecycle.services import break_glass, reseals


class GateActions(ApiViewSet):
    """Mixed into the changes."""

    def _answer(self, change: ChangeRequest, code: int = status.HTTP_200_OK) -> Response:
        """The change as it is now, if this person may (still) see it."""
        fresh = get_object_or_404(self.get_queryset(), pk=change.pk)
        location = reverse("api:change-detail", [change.pk])
        return Response(ChangeDetail(fresh).data, status=code, headers={"Location": location})

    @extend_schema(request=BreakGlassRequest, responses=ChangeDetail, examples=examples.EMERGENCIES)
    @action(detail=True, methods=["post"], url_path="break-glass")
    def break_glass(self, request: Request, pk: str) -> Response:
        """Pass the gate in an emergency. An operator, or a maintainer of the team who is on call."""
        change = self.get_object()
        break_glass.pass_gate(change, actor=actor_of(request), **self.read(BreakGlassRequest, request))
        return self._answer(change)

    @extend_schema(request=ReviewRequest, responses=ChangeDetail, examples=examples.REVIEWS)
    @action(detail=True, methods=["post"], url_path="break-glass/review")
    def review(self, request: Request, pk: str) -> Response:
        """Say whether passing the gate was justified. Another operator, who had no part in the change."""
        change = self.get_object()
        glass = BreakGlass.objects.select_related("change", "actor").filter(change=change).first()
        if glass is None:
            raise NotFound("Nobody has passed the gate of this change in an emergency.")
        break_glass.review(glass, actor=actor_of(request), **self.read(ReviewRequest, request))
        return self._answer(change)

    @extend_schema(request=None, responses=ChangeDetail)
    @action(detail=True, methods=["post"])
    def reseal(self, request: Request, pk: str) -> Response:
        """Seal the same wish again, with what policies, exceptions and chart are now.

        Decisions on the release before count no longer. 409 when nothing has changed.
        """
        change = self.get_object()
        reseals.reseal(change, actor=actor_of(request))
        return self._answer(change)
