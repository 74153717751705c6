from __future__ import annotations

from django.db.models import QuerySet
from django_filters import rest_framework as filters

from portal.api.v1.viewsets import actor_of
from portal.lifecycle.models import ChangeRequest
from portal.lifecycle.selectors import queue
from portal.lifecycle.states import ChangeKind, ChangeState

ORDERINGS = ("-risk", "created_at", "-created_at")


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

    waiting_for = filters.ChoiceFilter(
        choices=[("me", "me")], method="by_decider", help_text="me: what you may decide now."
    )
    ordering = filters.ChoiceFilter(
        choices=[(name, name) for name in ORDERINGS],
        method="ordered",
        help_text="Left out: the newest first. -risk: the riskiest, then the oldest.",
    )

    class Meta:
        model = ChangeRequest
        fields: list[str] = []

    def by_decider(self, rows: QuerySet[ChangeRequest], _name: str, _me: str) -> QuerySet[ChangeRequest]:
        mine = queue.waiting_for(actor_of(self.request)).order_by().values("pk")
        return rows.filter(pk__in=mine)

    def ordered(self, rows: QuerySet[ChangeRequest], _name: str, ordering: str) -> QuerySet[ChangeRequest]:
        if ordering == "-risk":
            return rows.order_by("-risk", "created_at", "id")
        return rows.order_by(ordering, "id" if ordering == "created_at" else "-id")
