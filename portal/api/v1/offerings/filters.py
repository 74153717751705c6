from __future__ import annotations

from django_filters import rest_framework as filters

from services_catalog.models import Lifecycle, Offering, Plan
from services_catalog.models.offering import OfferingQuerySet


class OfferingFilters(filters.FilterSet):  # type: ignore[misc]
    q = filters.CharFilter(
        method="matching", help_text="Words that all stand in its name, slug, summary, category or tags."
    )
    category = filters.CharFilter()
    tag = filters.CharFilter(method="tagged")
    environment = filters.CharFilter(method="offered_in", help_text="The slug of one where it is offered.")
    lifecycle = filters.ChoiceFilter(choices=Lifecycle.choices)

    class Meta:
        model = Offering
        fields: list[str] = []

    def matching(self, rows: OfferingQuerySet, name: str, value: str) -> OfferingQuerySet:
        return rows.matching(value)

    def tagged(self, rows: OfferingQuerySet, name: str, value: str) -> OfferingQuerySet:
        return rows.labelled("tag", [value])

    def offered_in(self, rows: OfferingQuerySet, name: str, value: str) -> OfferingQuerySet:
        return rows.labelled("env", [value])


class PlanFilters(filters.FilterSet):  # type: ignore[misc]
    offering = filters.CharFilter(
        field_name="offering_version__offering__slug", help_text="An offering's slug."
    )
    version = filters.CharFilter(field_name="offering_version__version")

    class Meta:
        model = Plan
        fields: list[str] = []
