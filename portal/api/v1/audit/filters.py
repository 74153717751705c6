from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django_filters import rest_framework as filters

from portal.audit import selecting
from portal.audit.actions import ACTIONS
from portal.audit.models import AuditEvent


def prefix(value: str) -> None:
    if not selecting.is_prefix(value):
        raise ValidationError("Must be the beginning of an action, such as change. or change.approved.")


class AuditFilters(filters.FilterSet):  # type: ignore[misc]
    q = filters.CharFilter(method="saying", max_length=200, help_text="In what it is about, or its comment.")
    action = filters.MultipleChoiceFilter(choices=[(action, action) for action in sorted(ACTIONS)])
    action_prefix = filters.CharFilter(
        field_name="action",
        lookup_expr="startswith",
        validators=[prefix],
        help_text="`change.` for all that happens to changes.",
    )
    actor = filters.CharFilter(field_name="actor_name", help_text="A user name.")
    on_behalf_of = filters.CharFilter(field_name="on_behalf_of_name", help_text="A user name.")
    team = filters.CharFilter(field_name="team__slug", help_text="A team's slug.")
    object_type = filters.CharFilter(help_text="ChangeRequest, ServiceInstance, Application …")
    object_id = filters.CharFilter()
    source = filters.ChoiceFilter(choices=AuditEvent.Source.choices)
    request_id = filters.CharFilter(help_text="Everything that one request led to.")
    since = filters.IsoDateTimeFilter(field_name="at", lookup_expr="gte", help_text="From this moment on.")
    until = filters.IsoDateTimeFilter(field_name="at", lookup_expr="lt", help_text="Before this moment.")

    class Meta:
        model = AuditEvent
        fields: list[str] = []

    def saying(self, rows: QuerySet[AuditEvent], name: str, value: str) -> QuerySet[AuditEvent]:
        return selecting.saying(rows, value)
