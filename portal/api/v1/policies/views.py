"""The organisation's policies: what they are, what they find, and what they say of given objects."""

from __future__ import annotations

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.v1.policies import examples, rows
from portal.api.v1.policies.filters import LibraryQuery, ViolationFilters
from portal.api.v1.policies.serializers import (
    EnvironmentModeSerializer,
    EvaluationRequest,
    EvaluationSerializer,
    ModeRequest,
    PolicyDetail,
    PolicyRow,
    ViolationSerializer,
)
from portal.api.v1.viewsets import ApiViewSet, actor_of
from portal.core.errors import NotFound
from portal.environments.models import Environment
from portal.lifecycle.models import Violation
from portal.lifecycle.selectors import policies
from portal.lifecycle.services import evaluations, policy_modes

NAME_PATTERN = "[-a-z0-9.]{1,253}"
NAME = OpenApiParameter("name", str, OpenApiParameter.PATH, description="The policy's name.")
ENVIRONMENT = OpenApiParameter(
    "environment", str, OpenApiParameter.PATH, description="An environment's slug."
)


class PolicyViewSet(ApiViewSet):
    """Policies in Kubernetes' own format, as they are in force."""

    queryset = Environment.objects.none()
    serializer_class = PolicyRow
    filter_backends = ()
    parameters = {"list": LibraryQuery.names()}
    lookup_field = "name"
    lookup_value_regex = NAME_PATTERN

    @extend_schema(parameters=[LibraryQuery])
    def list(self, request: Request) -> Response:
        """Every policy with its rules, its modes and how much it finds."""
        found = policies.library(actor_of(request), **LibraryQuery.of(request))
        page = [rows.row(entry) for entry in self.paginate_queryset(found) or ()]
        return self.get_paginated_response(PolicyRow(page, many=True).data)

    @extend_schema(responses=PolicyDetail, parameters=[NAME])
    def retrieve(self, request: Request, name: str) -> Response:
        """One policy, with its document and examples."""
        entry = policies.entry(actor_of(request), name)
        if entry is None:
            raise NotFound
        return Response(PolicyDetail(rows.detail(entry, policies.examples(name))).data)

    @extend_schema(
        request=EvaluationRequest, responses={200: EvaluationSerializer}, examples=examples.EVALUATIONS
    )
    @action(detail=False, methods=["post"])
    def evaluate(self, request: Request) -> Response:
        """Judge objects as if they were applied in this environment. Writes nothing."""
        judgement = evaluations.evaluate_for(actor_of(request), self.read(EvaluationRequest, request))
        return Response(EvaluationSerializer(judgement).data)


class ViolationViewSet(mixins.ListModelMixin, ApiViewSet):
    """What a policy finds in what runs: the most urgent first, waived ones last."""

    queryset = Violation.objects.none()
    serializer_class = ViolationSerializer
    filterset_class = ViolationFilters

    def get_queryset(self) -> QuerySet[Violation]:
        return policies.violations(actor_of(self.request), self.kwargs["name"])

    @extend_schema(parameters=[NAME])
    def list(self, request: Request, name: str) -> Response:
        """What the last scans found of this policy, in what you may see."""
        policies.check_known(name)
        return super().list(request, name)


class ModeViewSet(ApiViewSet):
    """A policy's mode in one environment."""

    queryset = Environment.objects.none()
    serializer_class = EnvironmentModeSerializer
    lookup_field = "environment"
    lookup_value_regex = "[-a-zA-Z0-9_]{1,20}"

    @extend_schema(
        request=ModeRequest,
        responses={200: EnvironmentModeSerializer},
        parameters=[NAME, ENVIRONMENT],
        examples=examples.MODES,
    )
    def update(self, request: Request, name: str, environment: str) -> Response:
        """Choose how a policy acts in an environment. It holds at once, and is audited with its reason."""
        place = get_object_or_404(Environment, slug=environment)
        data = self.read(ModeRequest, request)
        mode = policy_modes.set_mode(name, place, actor=actor_of(request), **data)
        answer = rows.mode_row(policies.environment_mode(name, place, mode))
        return Response(EnvironmentModeSerializer(answer).data)
