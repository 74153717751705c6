from __future__ import annotations

from collections.abc import Sequence

from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.api.v1.environments.examples import GATES, INSTALLATIONS
from portal.api.v1.environments.gate_serializers import GateRequest
from portal.api.v1.environments.serializers import (
    ClusterSerializer,
    EnvironmentSerializer,
    InstallationRequest,
    InstalledPolicies,
)
from portal.api.v1.viewsets import ApiViewSet, actor_of
from portal.environments.models import Cluster, Environment
from portal.lifecycle.operations import installation
from portal.lifecycle.operations.installation import Step
from portal.lifecycle.services import gates, policy_installations

SECRET = ("kubeconfig", "api_versions")


class EnvironmentViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet):
    """The stages, in their order."""

    queryset = (
        Environment.objects.select_related("cluster")
        .prefetch_related("promotes_from", "approver_groups", "windows")
        .defer(*(f"cluster__{field}" for field in SECRET))
        .order_by("order")
    )
    serializer_class = EnvironmentSerializer
    lookup_field = "slug"
    lookup_value_regex = "[-a-zA-Z0-9_]{1,20}"

    @extend_schema(request=GateRequest, responses=EnvironmentSerializer, examples=GATES)
    @action(detail=True, methods=["patch"])
    def gate(self, request: Request, slug: str) -> Response:
        """Set rules of its gate anew. They hold at once, for what waits as well."""
        data = self.read(GateRequest, request)
        gates.change_gate(self.get_object(), actor=actor_of(request), **data)
        return Response(EnvironmentSerializer(self.get_object()).data)


class ClusterViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet):
    """Registered Kubernetes APIs. The credentials are never shown, and read only to reach the cluster."""

    queryset = Cluster.objects.defer(*SECRET).prefetch_related("environments").order_by("slug")
    serializer_class = ClusterSerializer
    lookup_field = "slug"
    lookup_value_regex = "[-a-zA-Z0-9_]{1,40}"

    @extend_schema(responses=InstalledPolicies)
    @action(detail=True, pagination_class=None)
    def policies(self, request: Request, slug: str) -> Response:
        """What the cluster has of the policies against what belongs there. 503 when it does not answer."""
        cluster = self.get_object()
        require(actor_of(request), Verb.AUDIT)
        return self._answer(cluster, installation.plan(cluster), done=False)

    @extend_schema(request=InstallationRequest, responses={200: InstalledPolicies}, examples=INSTALLATIONS)
    @action(detail=True, methods=["post"], url_path="policies/install")
    def install_policies(self, request: Request, slug: str) -> Response:
        """Apply the policies that belong there, remove old ones of ours, and keep them so from then on."""
        cluster, actor = self.get_object(), actor_of(request)
        if self.read(InstallationRequest, request)["dry_run"]:
            return self._answer(cluster, policy_installations.compare(cluster, actor=actor), done=False)
        return self._answer(cluster, policy_installations.install(cluster, actor=actor), done=True)

    @extend_schema(request=None, responses={200: InstalledPolicies})
    @action(detail=True, methods=["post"], url_path="policies/uninstall")
    def uninstall_policies(self, request: Request, slug: str) -> Response:
        """Remove every policy that the portal put there; none is installed again until somebody asks."""
        cluster = self.get_object()
        return self._answer(cluster, policy_installations.remove(cluster, actor=actor_of(request)), done=True)

    def _answer(self, cluster: Cluster, steps: Sequence[Step], *, done: bool) -> Response:
        now = Cluster.objects.only("policies_installed", "policies_checked_at", "policies_message")
        row = now.get(pk=cluster.pk)
        answer = {
            "installed": row.policies_installed,
            "checked_at": row.policies_checked_at,
            "message": row.policies_message,
            "done": done,
            "counts": installation.counts(steps),
            "steps": steps,
        }
        return Response(InstalledPolicies(answer).data)
