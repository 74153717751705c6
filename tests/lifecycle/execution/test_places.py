"""How many workers are at work on one cluster at once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from portal.core import clock
from portal.environments.models import Cluster, Environment
from portal.lifecycle.models import ChangeRequest
from portal.lifecycle.operations import claims, places
from portal.lifecycle.states import ChangeState
from tests.factories import ChangeFactory, ClusterFactory, EnvironmentFactory, InstanceFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def environment() -> Environment:
    environment = EnvironmentFactory()
    Cluster.objects.filter(pk=environment.cluster_id).update(concurrency=2)
    return environment


def queued(environment: Environment) -> ChangeRequest:
    instance = InstanceFactory(environment=environment)
    return ChangeFactory(instance=instance, state=ChangeState.QUEUED, run_after=clock.now())


def test_the_third_worker_is_turned_away_until_a_place_is_free(environment: Environment) -> None:
    first, second, third = (queued(environment) for _ in range(3))
    claim = claims.take(first.pk, owner="a")
    assert claim is not None
    assert claims.take(second.pk, owner="b") is not None
    assert claims.take(third.pk, owner="c") is None
    claim.yield_until(clock.now() + timedelta(minutes=1))
    assert claims.take(third.pk, owner="c") is not None


def test_a_place_is_given_back_with_every_end_of_a_claim(environment: Environment) -> None:
    change = queued(environment)
    claim = claims.take(change.pk, owner="a")
    assert claim is not None
    claim.move(ChangeState.RUNNING, ChangeState.SUCCEEDED)
    change.refresh_from_db()
    assert (change.slot, change.slot_cluster) == (None, None)


def test_places_of_lost_workers_become_free_when_their_leases_end(environment: Environment) -> None:
    lost = [queued(environment) for _ in range(2)]
    for change in lost:
        assert claims.take(change.pk, owner="lost") is not None
    waiting = queued(environment)
    assert claims.take(waiting.pk, owner="c") is None
    ended = clock.now() - timedelta(seconds=1)
    ChangeRequest.objects.filter(pk__in=[change.pk for change in lost]).update(lease_expires_at=ended)
    assert claims.take(waiting.pk, owner="c") is not None


def test_the_database_refuses_a_second_worker_in_the_same_place(environment: Environment) -> None:
    first, second = queued(environment), queued(environment)
    rows = ChangeRequest.objects
    rows.filter(pk=first.pk).update(slot_cluster=environment.cluster_id, slot=0)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.filter(pk=second.pk).update(slot_cluster=environment.cluster_id, slot=0)


def test_other_clusters_have_places_of_their_own(environment: Environment) -> None:
    for _ in range(2):
        assert claims.take(queued(environment).pk, owner="a") is not None
    elsewhere = EnvironmentFactory(slug="elsewhere", cluster=ClusterFactory(slug="elsewhere"))
    assert claims.take(queued(elsewhere).pk, owner="a") is not None


def test_who_loses_a_place_to_another_leaves_no_trace(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = queued(environment), queued(environment)
    monkeypatch.setattr(places, "free_place", lambda cluster, now: 0)
    assert claims.take(first.pk, owner="a") is not None
    assert claims.take(second.pk, owner="b") is None
    second.refresh_from_db()
    assert (second.state, second.fencing_token, second.lease_owner) == (ChangeState.QUEUED, 0, "")
