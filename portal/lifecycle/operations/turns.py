"""Whose change a free worker takes up next.

A message says that something is due, not what: of all that is due, the team with the fewest workers comes
first, of several the one that has waited longest for its turn, and its oldest change. So a team that asks for
five hundred changes at once delays another team's one by no more than what is at work already.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from django.db.models import Case, F, IntegerField, Q, QuerySet, Value, When

from portal.core import clock
from portal.environments.models import Cluster
from portal.lifecycle.models import ChangeRequest, TeamTurn
from portal.lifecycle.selectors.changes import due
from portal.lifecycle.states import ChangeState

MOST_TRIED = 5


def next_ids() -> list[int]:
    """Changes to try to claim, in this order; other workers may be quicker with each of them."""
    now = clock.now()
    answering = due(now).exclude(environment__cluster__retry_at__gt=now)
    alone = list(answering.order_by("run_after", "pk").values_list("pk", flat=True)[:2])
    if len(alone) < 2:
        return alone  # nobody to be fair to
    at_work = list(
        ChangeRequest.objects.filter(lease_expires_at__gt=now).values_list(
            "application__team_id", "slot_cluster_id"
        )
    )
    waiting = _off_limits(answering, Counter(cluster for _, cluster in at_work), now)
    load = Counter(team for team, _ in at_work)
    return list(
        waiting.annotate(load=_of_team(load))
        .order_by("load", F("application__team__turn__served_at").asc(nulls_first=True), "run_after", "pk")
        .values_list("pk", flat=True)[:MOST_TRIED]
    )


def others_due(change_id: int) -> bool:
    """Whether other work waits that a worker could do now, so that this one should not linger."""
    return (
        due(clock.now())
        .exclude(pk=change_id)
        .exclude(environment__cluster__retry_at__gt=clock.now())
        .exists()
    )


def under_way() -> int:
    """How many changes run, wherever they are."""
    return ChangeRequest.objects.filter(state=ChangeState.RUNNING).count()


def taken(team_id: int, now: datetime) -> None:
    """It was this team's turn."""
    if not TeamTurn.objects.filter(team=team_id).update(served_at=now):
        TeamTurn.objects.bulk_create([TeamTurn(team_id=team_id, served_at=now)], ignore_conflicts=True)


def _off_limits(
    waiting: QuerySet[ChangeRequest], busy: Counter[int | None], now: datetime
) -> QuerySet[ChangeRequest]:
    """Without clusters that do not answer, and those that are as busy as they may be."""
    left_alone = Q(retry_at__gt=now)
    clusters = Cluster.objects.filter(left_alone | Q(pk__in=[pk for pk in busy if pk is not None]))
    closed = [
        pk
        for pk, places, retry_at in clusters.values_list("pk", "concurrency", "retry_at")
        if busy[pk] >= places or (retry_at is not None and retry_at > now)
    ]
    return waiting.exclude(environment__cluster__in=closed) if closed else waiting


def _of_team(load: Counter[int]) -> Case | Value:
    if not load:
        return Value(0)
    return Case(
        *(When(application__team_id=team, then=Value(count)) for team, count in load.items()),
        default=Value(0),
        output_field=IntegerField(),
    )
