from __future__ import annotations

from django_filters import rest_framework as filters

from portal.lifecycle.models import QuotaPool, QuotaRaise
from portal.lifecycle.pool_states import RaiseState


class PoolFilters(filters.FilterSet):  # type: ignore[misc]
    team = filters.CharFilter(field_name="team__slug", help_text="A team's slug.")
    environment = filters.CharFilter(field_name="environment__slug", help_text="An environment's slug.")

    class Meta:
        model = QuotaPool
        fields: list[str] = []


class RaiseFilters(filters.FilterSet):  # type: ignore[misc]
    state = filters.MultipleChoiceFilter(choices=RaiseState.choices, help_text="May be given several times.")
    team = filters.CharFilter(field_name="pool__team__slug", help_text="A team's slug.")
    environment = filters.CharFilter(field_name="pool__environment__slug", help_text="An environment's slug.")

    class Meta:
        model = QuotaRaise
        fields: list[str] = []
