"""Whose change is next: teams take turns, however much one of them asks for."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from portal.core import clock
from portal.environments.models import Cluster, Environment
from portal.lifecycle.models import ChangeRequest, TeamTurn
from portal.lifecycle.operations import claims, turns
from portal.lifecycle.states import ChangeState
from tests.factories import (
    ApplicationFactory,
    ChangeFactory,
    ClusterFactory,
    EnvironmentFactory,
    InstanceFactory,
    TeamFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def environment() -> Environment:
    return EnvironmentFactory()


def queued(team: str, environment: Environment, *, ago: float = 0) -> ChangeRequest:
    application = ApplicationFactory(team=TeamFactory(slug=team))
    instance = InstanceFactory(application=application, environment=environment)
    due = clock.now() - timedelta(seconds=ago)
    return ChangeFactory(instance=instance, state=ChangeState.QUEUED, run_after=due)


def team_of(change_id: int) -> str:
    return ChangeRequest.objects.get(pk=change_id).application.team.slug


def serve(worker: str) -> str:
    """What a free worker does: the team whose change it took."""
    for change_id in turns.next_ids():
        claim = claims.take(change_id, owner=worker)
        if claim is not None:
            return claim.change.application.team.slug
    return ""


def finish(worker: str) -> None:
    for change in ChangeRequest.objects.filter(lease_owner=worker):
        ChangeRequest.objects.filter(pk=change.pk).update(
            state=ChangeState.SUCCEEDED, **claims.FREE, run_after=None
        )


def test_the_oldest_change_of_a_team_comes_first(environment: Environment) -> None:
    young, old = queued("shop", environment, ago=1), queued("shop", environment, ago=9)
    assert turns.next_ids() == [old.pk, young.pk]


def test_a_team_with_one_change_does_not_wait_for_a_team_with_many(environment: Environment) -> None:
    for _ in range(30):
        queued("busy", environment, ago=60)
    queued("small", environment, ago=1)
    served = [serve("one"), serve("two")]
    assert sorted(served) == ["busy", "small"]


def test_of_three_teams_with_much_to_do_each_gets_its_share_of_two_workers(environment: Environment) -> None:
    for age, team in enumerate(("first", "second", "third")):
        for _ in range(12):
            queued(team, environment, ago=100 - age)
    served: Counter[str] = Counter()
    for _ in range(9):
        for worker in ("one", "two"):
            finish(worker)
            served[serve(worker)] += 1
    assert served == {"first": 6, "second": 6, "third": 6}


def test_control_by_age_alone_the_third_team_would_wait_for_all_of_the_others(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    for age, team in enumerate(("first", "second", "third")):
        for _ in range(12):
            queued(team, environment, ago=100 - age)
    by_age = list(ChangeRequest.objects.order_by("run_after", "pk").values_list("pk", flat=True))
    assert {team_of(pk) for pk in by_age[:18]} == {"first", "second"}


def test_turns_are_remembered(environment: Environment) -> None:
    queued("shop", environment)
    serve("one")
    assert TeamTurn.objects.get().team.slug == "shop"


def test_what_is_not_due_or_held_by_a_living_lease_has_no_turn(environment: Environment) -> None:
    later, held = queued("shop", environment), queued("shop", environment)
    now = clock.now()
    ChangeRequest.objects.filter(pk=later.pk).update(run_after=now + timedelta(minutes=1))
    ChangeRequest.objects.filter(pk=held.pk).update(lease_expires_at=now + timedelta(minutes=1))
    assert turns.next_ids() == []


def test_a_cluster_that_is_left_alone_has_no_turn(environment: Environment) -> None:
    queued("shop", environment)
    Cluster.objects.update(retry_at=clock.now() + timedelta(seconds=20))
    assert turns.next_ids() == []
    assert not turns.others_due(0)
    Cluster.objects.update(retry_at=clock.now() - timedelta(seconds=1))
    assert len(turns.next_ids()) == 1


def test_a_cluster_that_is_busy_has_no_turn_and_another_one_has(environment: Environment) -> None:
    elsewhere = EnvironmentFactory(slug="elsewhere", cluster=ClusterFactory(slug="elsewhere"))
    Cluster.objects.filter(pk=environment.cluster_id).update(concurrency=1)
    queued("shop", environment, ago=60)
    queued("shop", environment, ago=60)
    other = queued("shop", elsewhere)
    serve("one")
    assert turns.next_ids() == [other.pk]


def test_choosing_costs_four_queries_however_much_waits(
    environment: Environment, django_assert_num_queries
) -> None:
    for team in range(8):
        queued(f"team-{team}", environment)
    serve("one")
    with django_assert_num_queries(4):
        assert len(turns.next_ids()) == turns.MOST_TRIED


def test_choosing_costs_one_query_where_nothing_else_waits(
    environment: Environment, django_assert_num_queries
) -> None:
    change = queued("shop", environment)
    with django_assert_num_queries(1):
        assert turns.next_ids() == [change.pk]
