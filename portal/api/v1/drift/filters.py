from __future__ import annotations

from django.db.models import QuerySet
from django_filters import rest_framework as filters

from portal.api.v1.filters import StrictBooleanFilter
from portal.lifecycle.models import DriftReport


class DriftFilters(filters.FilterSet):  # type: ignore[misc]
    status = filters.MultipleChoiceFilter(
        choices=DriftReport.Status.choices, help_text="May be given several times."
    )
    environment = filters.CharFilter(
        field_name="instance__environment__slug", help_text="An environment's slug."
    )
    team = filters.CharFilter(field_name="instance__application__team__slug", help_text="A team's slug.")
    application = filters.CharFilter(
        field_name="instance__application__slug", help_text="An application's slug."
    )
    tolerated = StrictBooleanFilter(method="by_tolerance", help_text="Whether some of it is tolerated.")

    class Meta:
        model = DriftReport
        fields: list[str] = []

    def by_tolerance(self, rows: QuerySet[DriftReport], _name: str, tolerated: bool) -> QuerySet[DriftReport]:
        return rows.filter(tolerated__gt=0) if tolerated else rows.filter(tolerated=0)
