from __future__ import annotations

from django.db.models import QuerySet
from django_filters import rest_framework as filters

from portal.api.v1.filters import StrictBooleanFilter
from portal.lifecycle.models import ServiceInstance
from portal.lifecycle.states import Health


class InstanceFilters(filters.FilterSet):  # type: ignore[misc]
    environment = filters.CharFilter(field_name="environment__slug", help_text="An environment's slug.")
    application = filters.CharFilter(field_name="application__slug", help_text="An application's slug.")
    team = filters.CharFilter(field_name="application__team__slug", help_text="A team's slug.")
    offering = filters.CharFilter(field_name="offering__slug", help_text="An offering's slug.")
    name = filters.CharFilter()
    health = filters.MultipleChoiceFilter(choices=Health.choices, help_text="May be given several times.")
    retired = StrictBooleanFilter(
        method="by_retirement", help_text="Only the retired ones; left out: only the living."
    )

    class Meta:
        model = ServiceInstance
        fields: list[str] = []

    def filter_queryset(self, queryset: QuerySet[ServiceInstance]) -> QuerySet[ServiceInstance]:
        rows: QuerySet[ServiceInstance] = super().filter_queryset(queryset)
        return rows if self.form.cleaned_data.get("retired") else rows.filter(retired_at=None)

    def by_retirement(
        self, rows: QuerySet[ServiceInstance], _name: str, retired: bool
    ) -> QuerySet[ServiceInstance]:
        return rows.filter(retired_at__isnull=not retired)
