"""Of one instance what runs at this moment: asked of its cluster, 503 when that does not answer."""

from __future__ import annotations

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.v1.running.serializers import (
    ConnectionsSerializer,
    EventsSerializer,
    PodDetailSerializer,
    PodLogQuery,
    PodLogSerializer,
    TopologySerializer,
)
from portal.api.v1.viewsets import ApiViewSet, actor_of
from portal.lifecycle.models import ServiceInstance
from portal.lifecycle.operations import object_events, pods
from portal.lifecycle.operations.topology import reading
from portal.lifecycle.selectors import connections
from portal.lifecycle.services import pod_logs


class RunningViewSet(ApiViewSet):
    """What there is of one instance, now."""

    queryset = ServiceInstance.objects.none()
    serializer_class = TopologySerializer
    pagination_class = None
    parameters = {"logs": frozenset({"pod", "container", "previous", "lines"})}

    def get_queryset(self) -> QuerySet[ServiceInstance]:
        rows = ServiceInstance.objects.visible_to(actor_of(self.request))
        return rows.select_related(
            "application__team", "environment__cluster", "offering", "current_release"
        ).defer("current_release__inputs", "current_release__values")

    def instance(self) -> ServiceInstance:
        return get_object_or_404(self.get_queryset(), pk=self.kwargs["instance_id"])

    @extend_schema(responses=TopologySerializer)
    def topology(self, request: Request, instance_id: str) -> Response:
        """Its objects, those that controllers made of them, and how they are related."""
        return Response(TopologySerializer(reading.read(self.instance())).data)

    @extend_schema(responses=PodDetailSerializer(many=True))
    def pods(self, request: Request, instance_id: str) -> Response:
        """Its pods, the unwell first, each with its containers and what its trouble means."""
        return Response(PodDetailSerializer(pods.read(self.instance()), many=True).data)

    @extend_schema(responses=EventsSerializer)
    def events(self, request: Request, instance_id: str) -> Response:
        """What Kubernetes reported of its objects."""
        return Response(EventsSerializer(object_events.read(self.instance())).data)

    @extend_schema(parameters=[PodLogQuery], responses=PodLogSerializer)
    def logs(self, request: Request, instance_id: str) -> Response:
        """The end of one container's log. Members of the team and operators; at a gate each look is in the
        audit trail."""
        asked = PodLogQuery(data=request.query_params)
        instance = self.instance()
        asked.is_valid(raise_exception=True)
        log = pod_logs.read(instance, actor=actor_of(request), **asked.validated_data)
        return Response(PodLogSerializer(log).data)

    @extend_schema(responses=ConnectionsSerializer)
    def connections(self, request: Request, instance_id: str) -> Response:
        """Addresses, and which keys its Secrets have; from what was sealed, so it asks no cluster."""
        return Response(ConnectionsSerializer(connections.of(self.instance())).data)
