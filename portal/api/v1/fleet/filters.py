from __future__ import annotations

from django.db.models import QuerySet
from django_filters import rest_framework as filters

from portal.api.v1.fleet.serializers import STATES
from portal.lifecycle.models import ServiceInstance
from portal.lifecycle.selectors import fleet


class FleetFilters(filters.FilterSet):  # type: ignore[misc]
    offering = filters.CharFilter(field_name="offering__slug", help_text="An offering's slug.")
    version = filters.CharFilter(field_name="current_release__offering_version__version")
    environment = filters.CharFilter(field_name="environment__slug", help_text="An environment's slug.")
    team = filters.CharFilter(field_name="application__team__slug", help_text="A team's slug.")
    application = filters.CharFilter(field_name="application__slug", help_text="An application's slug.")
    state = filters.ChoiceFilter(choices=[(name, name) for name in STATES], method="by_state")

    class Meta:
        model = ServiceInstance
        fields: list[str] = []

    def by_state(self, rows: QuerySet[ServiceInstance], _name: str, state: str) -> QuerySet[ServiceInstance]:
        return fleet.narrowed(rows, state)
