"""The organisation's policies: what they are, and what they say of given objects."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.v1.policies.examples import EVALUATION
from portal.api.v1.policies.rows import row
from portal.api.v1.policies.serializers import (
    EvaluationRequest,
    EvaluationSerializer,
    PolicyDetail,
    PolicyRow,
)
from portal.api.v1.viewsets import ApiViewSet
from portal.core.errors import NotFound, ValidationFailed
from portal.environments.models import Environment
from portal.lifecycle.operations import bundle
from portal.lifecycle.operations.rendering import deployer_of
from portal.policy import UserInfo

NAME = OpenApiParameter("name", str, OpenApiParameter.PATH, description="The policy's name.")


class PolicyViewSet(ApiViewSet):
    """Policies in Kubernetes' own format, as they are in force."""

    queryset = Environment.objects.none()
    serializer_class = PolicyRow
    filter_backends = ()
    lookup_field = "name"
    lookup_value_regex = "[-a-z0-9.]{1,253}"

    def list(self, request: Request) -> Response:
        """Every policy with its rules and where it is bound."""
        page = self.paginate_queryset(bundle.current().bound)
        return self.get_paginated_response(PolicyRow([row(*item) for item in page or ()], many=True).data)

    @extend_schema(responses=PolicyDetail, parameters=[NAME])
    def retrieve(self, request: Request, name: str) -> Response:
        """One policy, with its document."""
        for policy, bindings in bundle.current().bound:
            if policy.name == name:
                return Response(PolicyDetail(row(policy, bindings)).data)
        raise NotFound

    @extend_schema(request=EvaluationRequest, responses={200: EvaluationSerializer}, examples=EVALUATION)
    @action(detail=False, methods=["post"])
    def evaluate(self, request: Request) -> Response:
        """Judge objects as if they were created in a namespace of this environment. Writes nothing."""
        data = self.read(EvaluationRequest, request)
        namespace = _namespace(data["environment"])
        user = UserInfo(deployer_of(namespace["metadata"]["name"]), ("system:authenticated",))
        judgement = bundle.current().judge(data["documents"], namespace=namespace, user=user)
        return Response(EvaluationSerializer(judgement).data)


def _namespace(slug: str) -> dict[str, Any]:
    environment = Environment.objects.filter(slug=slug).first()
    if environment is None:
        raise ValidationFailed.at("/environment", f"There is no environment {slug!r}.", "unknown")
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": f"evaluation-{environment.slug}", "labels": environment.namespace_labels()},
    }
