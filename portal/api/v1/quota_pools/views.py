"""Teams' quota pools, and raises of them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from portal.accounts.models import Team, User
from portal.accounts.permissions import scoped
from portal.api.v1.quota_pools import examples
from portal.api.v1.quota_pools.filters import PoolFilters, RaiseFilters
from portal.api.v1.quota_pools.serializers import (
    LimitsRequest,
    PoolDetail,
    PoolRow,
    RaiseComment,
    RaiseSerializer,
    SimulationRequest,
    SimulationSerializer,
)
from portal.api.v1.viewsets import ApiViewSet, actor_of
from portal.environments.models import Environment
from portal.lifecycle.models import QuotaPool, QuotaRaise
from portal.lifecycle.selectors import pools
from portal.lifecycle.services.pools import limiting, raising


def place_of(data: dict[str, Any], actor: User) -> dict[str, Any]:
    """The team, if this person may see it, and the environment that are named."""
    return {
        "team": get_object_or_404(scoped(Team.objects.all(), actor, "id"), slug=data.pop("team")),
        "environment": get_object_or_404(
            Environment.objects.select_related("cluster"), slug=data.pop("environment")
        ),
    }


class QuotaPoolViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet):
    """What teams may take of each environment. A team without a row claims nothing there and has no limit."""

    queryset = QuotaPool.objects.none()
    serializers = {"list": PoolRow, "retrieve": PoolDetail}
    filterset_class = PoolFilters
    lookup_value_regex = "[0-9]{1,18}"

    def get_queryset(self) -> QuerySet[QuotaPool]:
        return pools.listed(actor_of(self.request)).order_by("team__slug", "environment__order")

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        context = {"claims": pools.claimed_by_pool(page)}
        return self.get_paginated_response(PoolRow(page, many=True, context=context).data)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self._answer(get_object_or_404(self.get_queryset(), pk=self.kwargs["pk"]))

    @extend_schema(request=LimitsRequest, responses={200: PoolDetail}, examples=examples.POOLS)
    def create(self, request: Request) -> Response:
        """Limit a team in an environment, for the first time or to less. A platform engineer. More than it
        has is a raise. Refused below what is claimed, with what claims it."""
        data = self.read(LimitsRequest, request)
        place = place_of(data, actor_of(request))
        return self._answer(limiting.limit(**place, **data, actor=actor_of(request)))

    @extend_schema(request=SimulationRequest, responses=SimulationSerializer, examples=examples.SIMULATIONS)
    @action(detail=False, methods=["post"])
    def simulate(self, request: Request) -> Response:
        """What a raise would come to. Writes nothing; refused as the raise would be."""
        data = self.read(SimulationRequest, request)
        place = place_of(data, actor_of(request))
        found = raising.simulate(**place, **data, actor=actor_of(request))
        return Response(SimulationSerializer(found).data)

    def _answer(self, pool: QuotaPool) -> Response:
        return Response(PoolDetail(pool, context={"claims": pools.claimed_by_pool([pool])}).data)


class QuotaRaiseViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet):
    """Wishes for larger quotas, each decided by a second person."""

    queryset = QuotaRaise.objects.none()
    serializer_class = RaiseSerializer
    filterset_class = RaiseFilters
    lookup_value_regex = "[0-9]{1,18}"

    def get_queryset(self) -> QuerySet[QuotaRaise]:
        rows = pools.raises(actor_of(self.request)).select_related("requested_by__responsible")
        return rows.order_by("-id")

    def get_object(self) -> QuotaRaise:
        """By id; the filters are for lists."""
        return get_object_or_404(self.get_queryset(), pk=self.kwargs["pk"])

    @extend_schema(request=LimitsRequest, responses={201: RaiseSerializer}, examples=examples.RAISES)
    def create(self, request: Request) -> Response:
        """Ask for a larger quota of your team. One may wait for each pool."""
        data = self.read(LimitsRequest, request)
        place = place_of(data, actor_of(request))
        asked = raising.request(**place, **data, actor=actor_of(request))
        return self._answer(asked, status.HTTP_201_CREATED)

    @extend_schema(request=RaiseComment, responses=RaiseSerializer, examples=examples.COMMENTS)
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: str) -> Response:
        """Give the pool these limits. An operator or a platform engineer, never whoever asked."""
        asked = self.get_object()
        raising.grant(asked, actor=actor_of(request), **self.read(RaiseComment, request))
        return self._answer(asked)

    @extend_schema(request=RaiseComment, responses=RaiseSerializer, examples=examples.COMMENTS)
    @action(detail=True, methods=["post"])
    def reject(self, request: Request, pk: str) -> Response:
        """Refuse it, with a reason."""
        asked = self.get_object()
        raising.reject(asked, actor=actor_of(request), **self.read(RaiseComment, request))
        return self._answer(asked)

    @extend_schema(request=None, responses=RaiseSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: str) -> Response:
        """Take it back while nobody has decided it."""
        asked = self.get_object()
        raising.withdraw(asked, actor=actor_of(request))
        return self._answer(asked)

    def _answer(self, asked: QuotaRaise, code: int = status.HTTP_200_OK) -> Response:
        fresh = get_object_or_404(self.get_queryset(), pk=asked.pk)
        created = code == status.HTTP_201_CREATED
        headers = {"Location": reverse("api:quota-raise-detail", [asked.pk])} if created else {}
        return Response(self.get_serializer(fresh).data, status=code, headers=headers)
