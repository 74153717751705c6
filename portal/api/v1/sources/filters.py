from __future__ import annotations

from django_filters import rest_framework as filters

from services_catalog.models import SourceVersion, SourceVersionState


class SourceVersionFilters(filters.FilterSet):  # type: ignore[misc]
    chart = filters.CharFilter(help_text="A chart's name.")
    state = filters.ChoiceFilter(choices=SourceVersionState.choices)
    published = filters.BooleanFilter(
        field_name="offering_version",
        lookup_expr="isnull",
        exclude=True,
        help_text="Whether it is published.",
    )

    class Meta:
        model = SourceVersion
        fields: list[str] = []
