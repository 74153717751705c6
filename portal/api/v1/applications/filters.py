from __future__ import annotations

from django_filters import rest_framework as filters

from portal.lifecycle.models import Application


class ApplicationFilters(filters.FilterSet):  # type: ignore[misc]
    team = filters.CharFilter(field_name="team__slug", help_text="A team's slug.")

    class Meta:
        model = Application
        fields: list[str] = []
