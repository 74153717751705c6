from __future__ import annotations

from django.db.models import QuerySet
from django_filters import rest_framework as filters

from portal.api.v1.filters import StrictBooleanFilter
from portal.core import clock
from portal.lifecycle.models import PolicyException
from portal.lifecycle.states import ExceptionState

ORDERINGS = ("requested_at", "-requested_at", "expires_at", "-expires_at")


class ExceptionFilters(filters.FilterSet):  # type: ignore[misc]
    state = filters.MultipleChoiceFilter(
        choices=ExceptionState.choices, help_text="May be given several times."
    )
    policy = filters.CharFilter(help_text="A policy's name.")
    team = filters.CharFilter(field_name="application__team__slug", help_text="A team's slug.")
    environment = filters.CharFilter(field_name="environment__slug", help_text="An environment's slug.")
    application = filters.CharFilter(field_name="application__slug", help_text="An application's slug.")
    honoured = StrictBooleanFilter(method="by_honour", help_text="Whether it counts at this moment.")
    waiting = StrictBooleanFilter(method="by_waiting", help_text="Whether it waits for a decision.")
    ordering = filters.ChoiceFilter(
        choices=[(name, name) for name in ORDERINGS],
        method="ordered",
        help_text="Left out: the newest request first.",
    )

    class Meta:
        model = PolicyException
        fields: list[str] = []

    def by_honour(
        self, rows: QuerySet[PolicyException], _name: str, honoured: bool
    ) -> QuerySet[PolicyException]:
        found = PolicyException.objects.honoured_at(clock.now()).values("pk")
        return rows.filter(pk__in=found) if honoured else rows.exclude(pk__in=found)

    def by_waiting(
        self, rows: QuerySet[PolicyException], _name: str, waiting: bool
    ) -> QuerySet[PolicyException]:
        found = PolicyException.objects.waiting().values("pk")
        return rows.filter(pk__in=found) if waiting else rows.exclude(pk__in=found)

    def ordered(
        self, rows: QuerySet[PolicyException], _name: str, ordering: str
    ) -> QuerySet[PolicyException]:
        return rows.order_by(ordering, "-id")
