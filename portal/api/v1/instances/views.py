"""Instances: what runs, and since when."""

from __future__ import annotations

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.v1.instances.filters import InstanceFilters
from portal.api.v1.instances.serializers import (
    InstanceDetail,
    InstanceRow,
    LiveObjectSerializer,
    ManifestsSerializer,
    ReleaseSerializer,
    RetirementSerializer,
)
from portal.api.v1.viewsets import ApiViewSet, actor_of
from portal.core.errors import NotFound
from portal.lifecycle.models import ServiceInstance
from portal.lifecycle.operations.observation import live_objects
from portal.lifecycle.selectors import instances
from portal.lifecycle.services import retirements


class InstanceViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet):
    """Offerings made real. The retired ones only with `?retired=true`."""

    queryset = ServiceInstance.objects.none()
    serializers = {"list": InstanceRow, "retrieve": InstanceDetail, "releases": ReleaseSerializer}
    filterset_class = InstanceFilters
    lookup_value_regex = "[0-9]{1,18}"
    paged = frozenset({"list", "releases"})

    def get_queryset(self) -> QuerySet[ServiceInstance]:
        rows = ServiceInstance.objects.visible_to(actor_of(self.request))
        if self.action == "list":
            return rows.for_lists().order_by("name", "id")
        return rows.select_related(
            "application__team", "environment", "offering", "created_by", "current_release__offering_version"
        ).defer("current_release__inputs", "current_release__values")

    def get_object(self) -> ServiceInstance:
        """By id; the filters are for lists."""
        instance = self.get_queryset().filter(pk=self.kwargs["pk"]).first()
        if instance is None:
            raise NotFound
        return instance

    @extend_schema(responses=ManifestsSerializer)
    @action(detail=True, pagination_class=None, filterset_class=None)
    def manifests(self, request: Request, pk: str) -> Response:
        """The objects of the release that runs, as they were sealed."""
        release = self.get_object().current_release
        if release is None:
            raise NotFound("Nothing runs yet, so there are no objects.")
        return Response(ManifestsSerializer(release).data)

    @extend_schema(responses=ReleaseSerializer(many=True))
    @action(detail=True, filterset_class=None)
    def releases(self, request: Request, pk: str) -> Response:
        """Its releases, newest first. Roll back with a change of kind rollback."""
        page = self.paginate_queryset(instances.releases(self.get_object()))
        return self.get_paginated_response(ReleaseSerializer(page, many=True).data)

    @extend_schema(responses=LiveObjectSerializer(many=True))
    @action(detail=True, pagination_class=None, filterset_class=None)
    def objects(self, request: Request, pk: str) -> Response:
        """What the cluster says of them at this moment. 503 when it does not answer."""
        return Response(LiveObjectSerializer(live_objects(self.get_object()), many=True).data)

    @extend_schema(request=None, responses=RetirementSerializer)
    @action(detail=True, methods=["post"], url_path="announce-retirement")
    def announce_retirement(self, request: Request, pk: str) -> Response:
        """First step of retiring it; answers what confirming would do."""
        instance = retirements.announce(self.get_object(), actor=actor_of(request))
        answer = {
            "announced_at": instance.retirement_announced_at,
            "consequences": retirements.consequences(instance),
        }
        return Response(RetirementSerializer(answer).data)

    @extend_schema(request=None, responses={204: None})
    @announce_retirement.mapping.delete
    def withdraw_retirement(self, request: Request, pk: str) -> Response:
        """Take the announcement back."""
        retirements.withdraw(self.get_object(), actor=actor_of(request))
        return Response(status=204)
