from __future__ import annotations

from django_filters import rest_framework as filters

from services_catalog.models import Lifecycle, Offering, Plan


class OfferingFilters(filters.FilterSet):  # type: ignore[misc]
    category = filters.CharFilter()
    lifecycle = filters.ChoiceFilter(choices=Lifecycle.choices)

    class Meta:
        model = Offering
        fields: list[str] = []


class PlanFilters(filters.FilterSet):  # type: ignore[misc]
    offering = filters.CharFilter(
        field_name="offering_version__offering__slug", help_text="An offering's slug."
    )
    version = filters.CharFilter(field_name="offering_version__version")

    class Meta:
        model = Plan
        fields: list[str] = []
