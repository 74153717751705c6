"""The organisation's policies: what they are, and what they say of given objects."""

from __future__ import annotations

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.v1.policies.serializers import EvaluationRequest, EvaluationSerializer
from portal.api.v1.viewsets import ApiViewSet
from portal.environments.models import Environment
from portal.lifecycle.operations import bundle


class PolicyViewSet(ApiViewSet):
    """Policies in Kubernetes' own format, as they are in force."""

    queryset = Environment.objects.none()
    serializer_class = EvaluationSerializer
    pagination_class = None

    @extend_schema(request=EvaluationRequest, responses={200: EvaluationSerializer})
    @action(detail=False, methods=["post"])
    def evaluate(self, request: Request) -> Response:
        """Judge objects as if they were created in a namespace of this environment. Writes nothing."""
        data = self.read(EvaluationRequest, request)
        environment = get_object_or_404(Environment, slug=data["environment"])
        judgement = bundle.current().judge(
            data["documents"], operation="CREATE", namespace=_namespace(environment), user=None, old={}
        )
        return Response(EvaluationSerializer(judgement).data)


def _namespace(environment: Environment) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": f"evaluation-{environment.slug}", "labels": environment.namespace_labels()},
    }
