from __future__ import annotations

from django_filters import rest_framework as filters

from portal.api.v1.filters import StrictBooleanFilter
from portal.audit.models import Notification


class NotificationFilters(filters.FilterSet):  # type: ignore[misc]
    unread = StrictBooleanFilter(field_name="read_at", lookup_expr="isnull", help_text="Not read yet.")
    urgent = StrictBooleanFilter()
    topic = filters.CharFilter(help_text="change.waiting, say.")

    class Meta:
        model = Notification
        fields: list[str] = []
