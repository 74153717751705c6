from __future__ import annotations

from django_filters import rest_framework as filters

from portal.lifecycle.models import ChangeRequest
from portal.lifecycle.states import ChangeKind, ChangeState


class ChangeFilters(filters.FilterSet):  # type: ignore[misc]
    state = filters.MultipleChoiceFilter(choices=ChangeState.choices, help_text="May be given several times.")
    kind = filters.MultipleChoiceFilter(choices=ChangeKind.choices, help_text="May be given several times.")
    environment = filters.CharFilter(field_name="environment__slug", help_text="An environment's slug.")
    application = filters.CharFilter(field_name="application__slug", help_text="An application's slug.")
    team = filters.CharFilter(field_name="application__team__slug", help_text="A team's slug.")
    instance = filters.NumberFilter(
        field_name="instance_id", min_value=1, max_value=10**18, help_text="An instance's id."
    )
    requested_by = filters.CharFilter(field_name="requested_by__username", help_text="A user name.")

    class Meta:
        model = ChangeRequest
        fields: list[str] = []
