"""Changes: ask, follow, decide."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from portal.api.v1.changes import examples, logs
from portal.api.v1.changes.filters import ChangeFilters
from portal.api.v1.changes.idempotency import HEADER, key_and_fingerprint
from portal.api.v1.changes.serializers import (
    CancellationSerializer,
    ChangeDetail,
    ChangeRow,
    DecisionSerializer,
    LogSerializer,
    ObjectDiffSerializer,
    WishSerializer,
)
from portal.api.v1.viewsets import ApiViewSet, actor_of
from portal.lifecycle.models import ChangeRequest
from portal.lifecycle.operations import diffing
from portal.lifecycle.services import approvals, changes, wishes

AFTER = OpenApiParameter("after", {"type": "integer", "minimum": 0}, description="Lines after this one.")


class ChangeViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet):
    """Everything that anybody wants done is a change. Newest first."""

    queryset = ChangeRequest.objects.none()
    serializers = {"list": ChangeRow, "retrieve": ChangeDetail}
    filterset_class = ChangeFilters
    parameters = {"log": frozenset({"after"})}
    lookup_value_regex = "[0-9]{1,18}"

    def get_queryset(self) -> QuerySet[ChangeRequest]:
        rows = ChangeRequest.objects.visible_to(actor_of(self.request))
        return rows.for_lists() if self.action == "list" else for_detail(rows)

    @extend_schema(
        request=WishSerializer,
        responses={200: ChangeDetail, 201: ChangeDetail},
        parameters=[HEADER],
        examples=examples.WISHES,
    )
    def create(self, request: Request) -> Response:
        """Ask for a change: judged and sealed now, then queued, or waiting where the environment has a gate.

        200 instead of 201 says that the Idempotency-Key was used for this very request before.
        """
        key, fingerprint = key_and_fingerprint(request)
        wish = wishes.resolve(actor_of(request), self.read(WishSerializer, request))
        opened = changes.open_change(wish, idempotency_key=key, fingerprint=fingerprint)
        location = reverse("api:change-detail", [opened.change.pk])
        code = status.HTTP_201_CREATED if opened.created else status.HTTP_200_OK
        return Response(self._detail(opened.change), status=code, headers={"Location": location})

    @extend_schema(request=DecisionSerializer, responses=ChangeDetail, examples=examples.DECISIONS)
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: str) -> Response:
        """Consent to exactly this release. Nobody may who had a part in it."""
        change = self.get_object()
        approvals.approve(change, actor=actor_of(request), **self.read(DecisionSerializer, request))
        return Response(self._detail(change))

    @extend_schema(request=DecisionSerializer, responses=ChangeDetail)
    @action(detail=True, methods=["post"])
    def reject(self, request: Request, pk: str) -> Response:
        """Refuse it, with a reason."""
        change = self.get_object()
        approvals.reject(change, actor=actor_of(request), **self.read(DecisionSerializer, request))
        return Response(self._detail(change))

    @extend_schema(request=CancellationSerializer, responses=ChangeDetail)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Withdraw it before a worker takes it."""
        change = self.get_object()
        changes.cancel(change, actor=actor_of(request), **self.read(CancellationSerializer, request))
        return Response(self._detail(change))

    @extend_schema(responses=ObjectDiffSerializer(many=True))
    @action(detail=True, pagination_class=None, filterset_class=None)
    def diff(self, request: Request, pk: str) -> Response:
        """What it changes, object by object, against what ran when it was asked."""
        return Response(ObjectDiffSerializer(diffing.of_change(self.get_object()), many=True).data)

    @extend_schema(responses=LogSerializer, parameters=[AFTER])
    @action(detail=True, pagination_class=None, filterset_class=None)
    def log(self, request: Request, pk: str) -> Response:
        """The log of its rollouts; follow it with `after`."""
        return Response(LogSerializer(logs.page(self.get_object(), request.query_params.get("after"))).data)

    def _detail(self, change: ChangeRequest) -> dict[str, Any]:
        fresh = for_detail(ChangeRequest.objects.all()).get(pk=change.pk)
        return ChangeDetail(fresh, context=self.get_serializer_context()).data


def for_detail(rows: QuerySet[ChangeRequest]) -> QuerySet[ChangeRequest]:
    """With all that a detail shows, in a constant number of queries."""
    return rows.select_related(
        "application__team",
        "environment",
        "offering",
        "instance",
        "requested_by",
        "release__offering_version",
        "release__plan",
        "base_release",
    ).prefetch_related("approvals__actor", "rollouts")
