from __future__ import annotations

from django_filters import rest_framework as filters

from portal.lifecycle.campaign_states import CampaignState, ItemState
from portal.lifecycle.models import CampaignItem, UpgradeCampaign


class CampaignFilters(filters.FilterSet):  # type: ignore[misc]
    state = filters.MultipleChoiceFilter(
        choices=CampaignState.choices, help_text="May be given several times."
    )
    offering = filters.CharFilter(field_name="offering__slug", help_text="An offering's slug.")

    class Meta:
        model = UpgradeCampaign
        fields: list[str] = []


class ItemFilters(filters.FilterSet):  # type: ignore[misc]
    state = filters.MultipleChoiceFilter(choices=ItemState.choices, help_text="May be given several times.")
    environment = filters.CharFilter(
        field_name="stage__environment__slug", help_text="An environment's slug."
    )
    team = filters.CharFilter(field_name="instance__application__team__slug", help_text="A team's slug.")
    application = filters.CharFilter(
        field_name="instance__application__slug", help_text="An application's slug."
    )

    class Meta:
        model = CampaignItem
        fields: list[str] = []
