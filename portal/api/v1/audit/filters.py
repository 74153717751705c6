from __future__ import annotations

from django_filters import rest_framework as filters

from portal.audit.actions import ACTIONS
from portal.audit.models import AuditEvent


class AuditFilters(filters.FilterSet):  # type: ignore[misc]
    action = filters.MultipleChoiceFilter(choices=[(action, action) for action in sorted(ACTIONS)])
    actor = filters.CharFilter(field_name="actor_name", help_text="A user name.")
    team = filters.CharFilter(field_name="team__slug", help_text="A team's slug.")
    object_type = filters.CharFilter(help_text="ChangeRequest, ServiceInstance, Application …")
    object_id = filters.CharFilter()
    source = filters.ChoiceFilter(choices=AuditEvent.Source.choices)
    since = filters.IsoDateTimeFilter(field_name="at", lookup_expr="gte", help_text="From this moment on.")
    until = filters.IsoDateTimeFilter(field_name="at", lookup_expr="lt", help_text="Before this moment.")

    class Meta:
        model = AuditEvent
        fields: list[str] = []
