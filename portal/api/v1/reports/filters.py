from __future__ import annotations

from django.db.models import Q, QuerySet
from django_filters import rest_framework as filters

from portal.api.v1.filters import StrictBooleanFilter
from portal.lifecycle.models import PolicyReport


class ReportFilters(filters.FilterSet):  # type: ignore[misc]
    environment = filters.CharFilter(
        field_name="instance__environment__slug", help_text="An environment's slug."
    )
    application = filters.CharFilter(
        field_name="instance__application__slug", help_text="An application's slug."
    )
    team = filters.CharFilter(field_name="instance__application__team__slug", help_text="A team's slug.")
    failing = StrictBooleanFilter(
        method="by_failure", help_text="Whether anything in it fails or could not be judged."
    )

    class Meta:
        model = PolicyReport
        fields: list[str] = []

    def by_failure(self, rows: QuerySet[PolicyReport], _name: str, failing: bool) -> QuerySet[PolicyReport]:
        found = Q(failed__gt=0) | Q(errors__gt=0)
        return rows.filter(found if failing else ~found)
