"""Drift: of one instance, and of all that one may see."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from portal.api.v1.changes.idempotency import HEADER, key_and_fingerprint
from portal.api.v1.changes.serializers import ChangeDetail
from portal.api.v1.changes.views import BESIDE, GLASS, ONLY_IN_DIFFS
from portal.api.v1.drift import examples
from portal.api.v1.drift.filters import DriftFilters
from portal.api.v1.drift.serializers import (
    AdoptionSerializer,
    AdoptRequest,
    DriftDetail,
    DriftRow,
    RevertRequest,
    ToleranceSerializer,
    TolerationEnd,
    TolerationRequest,
)
from portal.api.v1.viewsets import ApiViewSet, actor_of
from portal.core.objects import ObjectKey
from portal.lifecycle.models import ChangeRequest, DriftReport, DriftTolerance, Remedy, ServiceInstance
from portal.lifecycle.selectors import drift_standing
from portal.lifecycle.services import changes, wishes
from portal.lifecycle.services.drift import remedies, scans, tolerances
from portal.lifecycle.states import ChangeKind

CHANGE = {200: ChangeDetail, 201: ChangeDetail}


class DriftViewSet(mixins.ListModelMixin, ApiViewSet):
    """What was looked at, and how it is. Instances that nobody has looked at yet are not in the list."""

    queryset = DriftReport.objects.none()
    serializer_class = DriftRow
    filterset_class = DriftFilters

    def get_queryset(self) -> QuerySet[DriftReport]:
        return drift_standing.listed(actor_of(self.request))

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Instances against what was sealed: what differs, since when, by whom."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        rows = [drift_standing.of_row(report) for report in page or ()]
        return self.get_paginated_response(DriftRow(rows, many=True).data)


class InstanceDriftViewSet(ApiViewSet):
    """Of one instance."""

    queryset = ServiceInstance.objects.none()
    serializer_class = DriftDetail
    pagination_class = None

    def instance(self) -> ServiceInstance:
        rows = ServiceInstance.objects.visible_to(actor_of(self.request)).select_related(
            "application__team", "environment__cluster", "offering"
        )
        return get_object_or_404(rows, pk=self.kwargs["instance_id"])

    @extend_schema(responses=DriftDetail)
    def retrieve(self, request: Request, instance_id: str) -> Response:
        """What differs from the release that runs, by whom, since when; and what is tolerated."""
        return self._standing(status.HTTP_200_OK)

    @extend_schema(request=None, responses={202: DriftDetail})
    def scan(self, request: Request, instance_id: str) -> Response:
        """Look for drift now.

        A worker does; `asked` is true until it has. Asked again too soon, the same answer is given.
        """
        scans.ask(self.instance(), actor=actor_of(request))
        return self._standing(status.HTTP_202_ACCEPTED)

    @extend_schema(request=RevertRequest, responses=CHANGE, parameters=[HEADER], examples=examples.REVERTS)
    def revert(self, request: Request, instance_id: str) -> Response:
        """Bring back what was sealed, with a change like any other.

        Foreign objects, and what is tolerated as added, are left alone.
        """
        return self._open(request, Remedy.Does.REVERT, self.read(RevertRequest, request))

    @extend_schema(request=AdoptRequest, responses=CHANGE, parameters=[HEADER], examples=examples.ADOPTIONS)
    def adopt(self, request: Request, instance_id: str) -> Response:
        """Seal what runs, with a change like any other.

        Values are searched with which the chart renders it; where there are none, each item says so.
        """
        return self._open(request, Remedy.Does.ADOPT, self.read(AdoptRequest, request))

    @extend_schema(request=AdoptRequest, responses=AdoptionSerializer, examples=examples.ADOPTIONS)
    def preview_adoption(self, request: Request, instance_id: str) -> Response:
        """Which values adopting would set. Writes nothing."""
        data = {"instance": self.instance().pk, **self.read(AdoptRequest, request)}
        return Response(AdoptionSerializer(remedies.look(actor_of(request), data)).data)

    @extend_schema(
        request=TolerationRequest,
        responses={200: ToleranceSerializer, 201: ToleranceSerializer},
        examples=examples.TOLERATIONS,
    )
    def tolerate(self, request: Request, instance_id: str) -> Response:
        """Let some of it be until a date. 200 instead of 201: the very same was said before."""
        data = self.read(TolerationRequest, request)
        key = ObjectKey(**data.pop("object"))
        path = data.pop("path")
        said = tolerances.tolerate(self.instance(), key, path, actor=actor_of(request), **data)
        code = status.HTTP_201_CREATED if said.created else status.HTTP_200_OK
        return Response(ToleranceSerializer(said.tolerance).data, status=code)

    @extend_schema(request=TolerationEnd, responses={204: None})
    def end_tolerance(self, request: Request, instance_id: str, pk: str) -> Response:
        """End it now: what it covers counts as drift again."""
        rows = DriftTolerance.objects.filter(instance=self.instance())
        tolerance = get_object_or_404(
            rows.select_related("instance__application", "instance__environment"), pk=pk
        )
        tolerances.withdraw(tolerance, actor=actor_of(request), **self.read(TolerationEnd, request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _open(self, request: Request, does: Remedy.Does, body: dict[str, Any]) -> Response:
        actor, (key, fingerprint) = actor_of(request), key_and_fingerprint(request)
        data = {"kind": ChangeKind.REMEDIATE, "instance": self.instance().pk, "remedy": does, **body}
        if key and (earlier := changes.replay(actor, key, fingerprint)):
            return self._change(earlier, created=False)
        opened = changes.open_change(
            wishes.resolve(actor, data), idempotency_key=key, fingerprint=fingerprint
        )
        return self._change(opened.change, created=opened.created)

    def _change(self, change: ChangeRequest, *, created: bool) -> Response:
        """If this person may (still) see it."""
        rows = ChangeRequest.objects.visible_to(actor_of(self.request)).for_detail()
        rows = rows.select_related(*GLASS).prefetch_related(*BESIDE).defer(*ONLY_IN_DIFFS)
        fresh = get_object_or_404(rows, pk=change.pk)
        location = reverse("api:change-detail", [change.pk])
        code = status.HTTP_201_CREATED if created else status.HTTP_200_OK
        return Response(ChangeDetail(fresh).data, status=code, headers={"Location": location})

    def _standing(self, code: int) -> Response:
        return Response(DriftDetail(drift_standing.of(self.instance())).data, status=code)
