"""What every view of this API does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.utils.decorators import method_decorator
from django.views.decorators.http import conditional_page
from rest_framework.request import Request
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import GenericViewSet

from portal.accounts.models import User
from portal.api.v1.schema import ProblemSchema
from portal.core.errors import InvalidInput


def actor_of(request: Request) -> User:
    """Who asks. Every view here requires somebody signed in."""
    assert isinstance(request.user, User)  # noqa: S101 IsAuthenticated has run
    return request.user


@method_decorator(conditional_page, name="dispatch")
class ApiViewSet(GenericViewSet[Any]):
    """Refuses query parameters that it does not know, and answers If-None-Match on every GET."""

    schema = ProblemSchema()
    metadata_class = None  # the description is at /api/schema/, so OPTIONS is not answered
    serializers: ClassVar[Mapping[str, type[BaseSerializer[Any]]]] = {}  # by action; else serializer_class
    parameters: ClassVar[
        Mapping[str, frozenset[str]]
    ] = {}  # by action: query parameters beyond filters and pages
    paged: ClassVar[frozenset[str]] = frozenset({"list"})  # actions that answer pages

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        unknown = sorted(set(request.query_params) - self.known_parameters())
        if unknown:
            raise InvalidInput(
                f"Unknown query parameters: {', '.join(unknown)[:200]}.",
                errors=[
                    {"path": f"?{name[:80]}", "message": "Not known here.", "code": "unknown"}
                    for name in unknown[:20]
                ],
            )

    def known_parameters(self) -> frozenset[str]:
        known = self.parameters.get(self.action, frozenset())
        if self.action in self.paged:
            filterset = getattr(self, "filterset_class", None)
            known |= getattr(self.paginator, "parameters", frozenset()) | (
                frozenset(filterset.base_filters) if filterset else frozenset()
            )
        return known

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        return self.serializers.get(self.action) or super().get_serializer_class()

    def read(
        self, serializer_class: type[BaseSerializer[Any]], request: Request, *, partial: bool = False
    ) -> dict[str, Any]:
        """The checked body of a request; `partial`: what is not sent stays as it is."""
        serializer = serializer_class(data=request.data, partial=partial)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    @property
    def default_response_headers(self) -> dict[str, str]:
        return {**super().default_response_headers, "Vary": "Accept, Authorization, Cookie"}
