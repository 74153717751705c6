from __future__ import annotations

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.api.v1.guards import examples
from portal.api.v1.guards.serializers import GuardRequest, GuardSerializer
from portal.api.v1.viewsets import ApiViewSet, actor_of
from portal.environments.models import Environment
from portal.lifecycle.selectors import guards as selector
from portal.lifecycle.services import guards


class GuardViewSet(ApiViewSet):
    """What a cluster does about writes around the gate of an environment."""

    queryset = Environment.objects.none()
    serializer_class = GuardSerializer

    @extend_schema(responses=GuardSerializer)
    def retrieve(self, request: Request, slug: str) -> Response:
        """The guard as it stands, and the newest of what went around. For those who may read everything."""
        require(actor_of(request), Verb.AUDIT)
        return self._answer(get_object_or_404(Environment, slug=slug))

    @extend_schema(request=GuardRequest, responses={200: GuardSerializer}, examples=examples.MODES)
    def create(self, request: Request, slug: str) -> Response:
        """Set its mode. The cluster is brought up to date within a minute or so, which `standing` tells."""
        environment = get_object_or_404(Environment, slug=slug)
        guards.set_mode(environment, actor=actor_of(request), **self.read(GuardRequest, request))
        return self._answer(environment)

    def _answer(self, environment: Environment) -> Response:
        guard = selector.of(environment)
        rows = list(selector.bypasses(environment)[: selector.RECENT])
        shown = {name: getattr(guard, name) for name in SHOWN}
        return Response(GuardSerializer({**shown, "bypasses": rows}).data)


SHOWN = tuple(name for name in GuardSerializer().get_fields() if name != "bypasses")
