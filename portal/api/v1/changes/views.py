"""Changes: ask, follow, decide."""

from __future__ import annotations

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.v1.changes import examples, logs
from portal.api.v1.changes.evidence import EvidenceActions
from portal.api.v1.changes.filters import ChangeFilters
from portal.api.v1.changes.gate_actions import GateActions
from portal.api.v1.changes.idempotency import HEADER, key_and_fingerprint
from portal.api.v1.changes.serializers import (
    CancellationSerializer,
    ChangeDetail,
    ChangeRow,
    ConsentSerializer,
    DecisionSerializer,
    LogSerializer,
    ObjectDiffSerializer,
    WishSerializer,
)
from portal.api.v1.viewsets import ApiViewSet, actor_of
from portal.lifecycle.models import ChangeRequest
from portal.lifecycle.operations import diffing
from portal.lifecycle.services import approvals, changes, wishes

ONLY_IN_DIFFS = (
    "release__objects_masked",
    *(f"base_release__{field}" for field in ("objects_masked", "masked_values", "verdicts")),
)
BESIDE = ("approvals__actor", "contributors", "rollouts", "environment__approver_groups")
GLASS = ("break_glass__actor", "break_glass__reviewed_by")
AFTER = OpenApiParameter("after", {"type": "integer", "minimum": 0}, description="Lines after this one.")


class ChangeViewSet(
    GateActions, EvidenceActions, mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet
):
    """Everything that anybody wants done is a change. Newest first."""

    queryset = ChangeRequest.objects.none()
    serializers = {"list": ChangeRow, "retrieve": ChangeDetail}
    filterset_class = ChangeFilters
    parameters = {"log": frozenset({"after"})}
    lookup_value_regex = "[0-9]{1,18}"

    def get_queryset(self) -> QuerySet[ChangeRequest]:
        rows = ChangeRequest.objects.visible_to(actor_of(self.request))
        if self.action in ("list", "log"):
            return rows.for_lists().order_by("-id")  # by its index, at any number of rows
        detail = rows.for_detail().select_related(*GLASS).prefetch_related(*BESIDE)
        return detail if self.action == "diff" else detail.defer(*ONLY_IN_DIFFS)

    @extend_schema(
        request=WishSerializer,
        responses={200: ChangeDetail, 201: ChangeDetail},
        parameters=[HEADER],
        examples=examples.WISHES,
    )
    def create(self, request: Request) -> Response:
        """Ask for a change.

        It is judged and sealed now, then queued; where the environment has a gate, it waits.
        200 instead of 201 says that the Idempotency-Key was used for this very request before.
        """
        key, fingerprint = key_and_fingerprint(request)
        data = self.read(WishSerializer, request)
        if key and (earlier := changes.replay(actor_of(request), key, fingerprint)):
            return self._answer(earlier, status.HTTP_200_OK)
        wish = wishes.resolve(actor_of(request), data)
        opened = changes.open_change(wish, idempotency_key=key, fingerprint=fingerprint)
        return self._answer(opened.change, status.HTTP_201_CREATED if opened.created else status.HTTP_200_OK)

    @extend_schema(request=ConsentSerializer, responses=ChangeDetail, examples=examples.DECISIONS)
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: str) -> Response:
        """Consent to exactly this release. Nobody may who had a part in it."""
        change = self.get_object()
        approvals.approve(change, actor=actor_of(request), **self.read(ConsentSerializer, request))
        return self._answer(change)

    @extend_schema(request=DecisionSerializer, responses=ChangeDetail, examples=examples.REJECTIONS)
    @action(detail=True, methods=["post"])
    def reject(self, request: Request, pk: str) -> Response:
        """Refuse it, with a reason."""
        change = self.get_object()
        approvals.reject(change, actor=actor_of(request), **self.read(DecisionSerializer, request))
        return self._answer(change)

    @extend_schema(request=CancellationSerializer, responses=ChangeDetail, examples=examples.CANCELLATIONS)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Withdraw it; or stop it while it runs, and what it has applied is taken back.

        One that runs is still `running` in the answer, with `cancel_asked_at`; it becomes `cancelled` when
        what ran before runs again. A removal under way cannot be stopped.
        """
        change = self.get_object()
        changes.cancel(change, actor=actor_of(request), **self.read(CancellationSerializer, request))
        return self._answer(change)

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
