"""Policy exceptions: ask, decide, end."""

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

from portal.api.v1.exceptions import examples
from portal.api.v1.exceptions.filters import ExceptionFilters
from portal.api.v1.exceptions.serializers import (
    CommentSerializer,
    DebtSerializer,
    ExceptionRequest,
    ExceptionSerializer,
    GrantSerializer,
)
from portal.api.v1.viewsets import ApiViewSet, actor_of
from portal.lifecycle.models import ChangeRequest, PolicyException, ServiceInstance
from portal.lifecycle.selectors import exception_debt
from portal.lifecycle.services import exceptions
from portal.lifecycle.services.exceptions import Place


class ExceptionViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet):
    """Time-limited exceptions from policies, each decided by a second person."""

    queryset = PolicyException.objects.none()
    serializer_class = ExceptionSerializer
    filterset_class = ExceptionFilters
    lookup_value_regex = "[0-9]{1,18}"

    def get_queryset(self) -> QuerySet[PolicyException]:
        return PolicyException.objects.visible_to(actor_of(self.request)).for_lists().order_by("-id")

    def get_object(self) -> PolicyException:
        """By id; the filters are for lists."""
        return get_object_or_404(self.get_queryset(), pk=self.kwargs["pk"])

    @extend_schema(request=ExceptionRequest, responses={201: ExceptionSerializer}, examples=examples.REQUESTS)
    def create(self, request: Request) -> Response:
        """Ask for an exception from what was found in a change or in an instance."""
        data = self.read(ExceptionRequest, request)
        exception = exceptions.request(actor_of(request), self._place(data), data)
        return self._answer(exception, status.HTTP_201_CREATED)

    @extend_schema(request=GrantSerializer, responses=ExceptionSerializer, examples=examples.GRANTS)
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: str) -> Response:
        """Let it count until its end. Nobody may who asked for it, or for the change that needs it."""
        exception = self.get_object()
        exceptions.grant(exception, actor=actor_of(request), **self.read(GrantSerializer, request))
        return self._answer(exception)

    @extend_schema(request=CommentSerializer, responses=ExceptionSerializer, examples=examples.REASONS)
    @action(detail=True, methods=["post"])
    def reject(self, request: Request, pk: str) -> Response:
        """Refuse it, with a reason."""
        exception = self.get_object()
        exceptions.reject(exception, actor=actor_of(request), **self.read(CommentSerializer, request))
        return self._answer(exception)

    @extend_schema(request=CommentSerializer, responses=ExceptionSerializer, examples=examples.REASONS)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: str) -> Response:
        """Take it back while nobody has decided it."""
        exception = self.get_object()
        exceptions.withdraw(exception, actor=actor_of(request), **self.read(CommentSerializer, request))
        return self._answer(exception)

    @extend_schema(request=CommentSerializer, responses=ExceptionSerializer, examples=examples.REASONS)
    @action(detail=True, methods=["post"])
    def revoke(self, request: Request, pk: str) -> Response:
        """End a granted one now, with a reason. It counts nowhere from then on."""
        exception = self.get_object()
        exceptions.revoke(exception, actor=actor_of(request), **self.read(CommentSerializer, request))
        return self._answer(exception)

    @extend_schema(responses=DebtSerializer)
    @action(detail=False, pagination_class=None, filterset_class=None)
    def debt(self, request: Request) -> Response:
        """Exception-days of the last 90 days by rule and team, whether they grow, and rules mostly waived."""
        return Response(DebtSerializer(exception_debt.debt(actor_of(request))).data)

    def _place(self, data: dict[str, Any]) -> Place:
        """The change or instance that is named, if this person may see it."""
        actor = actor_of(self.request)
        if "change" in data:
            changes = ChangeRequest.objects.visible_to(actor).for_detail()
            return exceptions.place_of_change(get_object_or_404(changes, pk=data["change"]))
        instances = ServiceInstance.objects.visible_to(actor).select_related(
            "application__team", "environment", "offering", "current_release"
        )
        return exceptions.place_of_instance(get_object_or_404(instances, pk=data["instance"]))

    def _answer(self, exception: PolicyException, code: int = status.HTTP_200_OK) -> Response:
        """The exception as it is now, if this person may (still) see it."""
        fresh = get_object_or_404(self.get_queryset(), pk=exception.pk)
        location = reverse("api:exception-detail", [exception.pk])
        return Response(self.get_serializer(fresh).data, status=code, headers={"Location": location})
