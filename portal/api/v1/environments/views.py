from __future__ import annotations

from rest_framework import mixins

from portal.api.v1.environments.serializers import ClusterSerializer, EnvironmentSerializer
from portal.api.v1.viewsets import ApiViewSet
from portal.environments.models import Cluster, Environment

SECRET = ("kubeconfig", "api_versions")


class EnvironmentViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet):
    """The stages, in their order."""

    queryset = (
        Environment.objects.select_related("cluster", "promotes_from")
        .defer(*(f"cluster__{field}" for field in SECRET))
        .order_by("order")
    )
    serializer_class = EnvironmentSerializer
    lookup_field = "slug"
    lookup_value_regex = "[-a-zA-Z0-9_]{1,20}"


class ClusterViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet):
    """Registered Kubernetes APIs. The credentials are not even read."""

    queryset = Cluster.objects.defer(*SECRET).prefetch_related("environments").order_by("slug")
    serializer_class = ClusterSerializer
    lookup_field = "slug"
    lookup_value_regex = "[-a-zA-Z0-9_]{1,40}"
