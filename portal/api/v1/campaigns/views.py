"""Upgrade campaigns: prepare, steer, follow, answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from portal.api.v1.campaigns import examples
from portal.api.v1.campaigns.filters import CampaignFilters, ItemFilters
from portal.api.v1.campaigns.serializers import (
    AnswerRequest,
    CampaignDetail,
    CampaignRequest,
    CampaignRow,
    ItemRow,
    SteerRequest,
)
from portal.api.v1.viewsets import ApiViewSet, actor_of
from portal.lifecycle.models import CampaignItem, UpgradeCampaign
from portal.lifecycle.selectors import campaigns
from portal.lifecycle.services.campaigns import answering, preparing, steering

Act = Callable[..., None]
CAMPAIGN = OpenApiParameter("campaign_id", int, OpenApiParameter.PATH, description="A campaign's id.")


class CampaignViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet):
    """Campaigns that concern your teams; all of them for whoever reads everything."""

    queryset = UpgradeCampaign.objects.none()
    serializers = {"list": CampaignRow, "retrieve": CampaignDetail}
    filterset_class = CampaignFilters
    lookup_value_regex = "[0-9]{1,18}"

    def get_queryset(self) -> QuerySet[UpgradeCampaign]:
        return UpgradeCampaign.objects.visible_to(actor_of(self.request)).for_lists()

    def get_object(self) -> UpgradeCampaign:
        """By id; the filters are for lists."""
        rows = self.get_queryset().prefetch_related("stages__environment")
        return get_object_or_404(rows, pk=self.kwargs["pk"])

    @extend_schema(responses=CampaignDetail)
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self._answer(self.get_object())

    @extend_schema(request=CampaignRequest, responses={201: CampaignDetail}, examples=examples.CAMPAIGNS)
    def create(self, request: Request) -> Response:
        """Prepare a campaign. Nothing is opened: it is worked out what it would do, and it waits for its
        start."""
        campaign = preparing.prepare(actor_of(request), self.read(CampaignRequest, request))
        return self._answer(campaign, status.HTTP_201_CREATED)

    @extend_schema(request=None, responses=CampaignDetail)
    @action(detail=True, methods=["post"])
    def start(self, request: Request, pk: str) -> Response:
        """Let it go on by itself from now on."""
        campaign = self.get_object()
        steering.start(campaign, actor=actor_of(request))
        return self._answer(campaign)

    @extend_schema(request=SteerRequest, responses=CampaignDetail, examples=examples.COMMENTS)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, pk: str) -> Response:
        """Open and ask nothing more until it is resumed."""
        return self._steer(request, steering.pause)

    @extend_schema(request=SteerRequest, responses=CampaignDetail, examples=examples.COMMENTS)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: str) -> Response:
        """Go on, also after it has stopped itself: the failures so far are accepted."""
        return self._steer(request, steering.resume)

    @extend_schema(request=SteerRequest, responses=CampaignDetail, examples=examples.COMMENTS)
    @action(detail=True, methods=["post"])
    def stop(self, request: Request, pk: str) -> Response:
        """End it for good; changes under way go on by themselves."""
        return self._steer(request, steering.stop)

    def _steer(self, request: Request, act: Act) -> Response:
        campaign = self.get_object()
        act(campaign, actor=actor_of(request), **self.read(SteerRequest, request))
        return self._answer(campaign)

    def _answer(self, campaign: UpgradeCampaign, code: int = status.HTTP_200_OK) -> Response:
        """As it is now, with how far it is."""
        fresh: Any = get_object_or_404(
            self.get_queryset().prefetch_related("stages__environment"), pk=campaign.pk
        )
        fresh.counts = dict(campaigns.counts(fresh, actor_of(self.request)))
        fresh.examined, fresh.total = campaigns.examined(fresh, actor_of(self.request))
        location = reverse("api:campaign-detail", [campaign.pk])
        return Response(CampaignDetail(fresh).data, status=code, headers={"Location": location})


class CampaignItemViewSet(mixins.ListModelMixin, ApiViewSet):
    """Instances of one campaign: what became of each, or what it waits for."""

    queryset = CampaignItem.objects.none()
    serializer_class = ItemRow
    filterset_class = ItemFilters
    lookup_value_regex = "[0-9]{1,18}"

    def get_queryset(self) -> QuerySet[CampaignItem]:
        actor = actor_of(self.request)
        rows = UpgradeCampaign.objects.visible_to(actor)
        return campaigns.items(get_object_or_404(rows, pk=self.kwargs["campaign_id"]), actor)

    def get_object(self) -> CampaignItem:
        rows = self.get_queryset().select_related("campaign__started_by", "campaign__created_by")
        return get_object_or_404(rows, pk=self.kwargs["pk"])

    @extend_schema(parameters=[CAMPAIGN])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)

    @extend_schema(parameters=[CAMPAIGN], request=AnswerRequest, responses=ItemRow, examples=examples.ANSWERS)
    @action(detail=True, methods=["post"], filterset_class=None)
    def answer(self, request: Request, campaign_id: str, pk: str) -> Response:
        """Agree, now or from a moment on, or decline. For maintainers of the team."""
        item = self.get_object()
        answering.answer(item, actor=actor_of(request), data=self.read(AnswerRequest, request))
        return Response(ItemRow(self.get_object()).data)

    @extend_schema(parameters=[CAMPAIGN], request=None, responses=ItemRow)
    @action(detail=True, methods=["post"], filterset_class=None)
    def retry(self, request: Request, campaign_id: str, pk: str) -> Response:
        """Try again what failed, was declined, did not fit or was skipped."""
        item = self.get_object()
        steering.retry(item, actor=actor_of(request))
        return Response(ItemRow(self.get_object()).data)
