from __future__ import annotations

from typing import Any

from django_filters import rest_framework as filters
from rest_framework import serializers
from rest_framework.request import Request

from portal.api.v1.problems import flatten
from portal.core.errors import InvalidInput
from portal.lifecycle.models import Violation
from portal.policy.modes import MODES
from portal.policy.types import SEVERITIES


class LibraryQuery(serializers.Serializer[Any]):
    """Policies are files, so these are read here and not by a filter of rows."""

    search = serializers.CharField(
        required=False, max_length=200, help_text="Words, all of which stand in name, title, reason …"
    )
    category = serializers.CharField(required=False, max_length=60, help_text="In any case.")
    severity = serializers.ChoiceField(SEVERITIES, required=False)
    mode = serializers.ChoiceField(MODES, required=False, help_text="In at least one environment.")

    @classmethod
    def names(cls) -> frozenset[str]:
        return frozenset(cls().fields)

    @classmethod
    def of(cls, request: Request) -> dict[str, str]:
        """Raises InvalidInput: an unfiltered list would be a wrong answer."""
        query = cls(
            data={name: request.query_params[name] for name in cls.names() & set(request.query_params)}
        )
        if not query.is_valid():
            errors = [error | {"path": "?" + error["path"].lstrip("/")} for error in flatten(query.errors)]
            said = "; ".join(f"{error['path'][1:]}: {error['message']}" for error in errors)
            raise InvalidInput(said, errors=errors)
        return dict(query.validated_data)


class ViolationFilters(filters.FilterSet):  # type: ignore[misc]
    outcome = filters.MultipleChoiceFilter(
        choices=Violation.Outcome.choices, help_text="May be given several times."
    )
    environment = filters.CharFilter(
        field_name="instance__environment__slug", help_text="An environment's slug."
    )
    team = filters.CharFilter(field_name="instance__application__team__slug", help_text="A team's slug.")

    class Meta:
        model = Violation
        fields: list[str] = []
