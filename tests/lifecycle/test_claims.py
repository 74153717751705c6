"""Of any number of deliveries exactly one works; a lost holder cannot write."""

import threading
from datetime import timedelta

import pytest
from django.db import connections

from portal.core import clock
from portal.lifecycle.models import ChangeRequest
from portal.lifecycle.operations import claims, heartbeats, turns
from portal.lifecycle.selectors.changes import due_ids
from portal.lifecycle.states import ChangeState
from tests.factories import ChangeFactory

pytestmark = pytest.mark.django_db


def queued(**more):
    return ChangeFactory(state=ChangeState.QUEUED, run_after=clock.now(), **more)


def test_a_due_change_is_claimed_and_starts_to_run():
    change = queued()
    claim = claims.take(change.pk, owner="a")
    change.refresh_from_db()
    assert claim is not None
    assert (change.state, change.phase, change.fencing_token) == (ChangeState.RUNNING, "applying", 1)
    assert change.lease_expires_at > clock.now()


def test_a_second_delivery_finds_nothing_to_do():
    change = queued()
    assert claims.take(change.pk, owner="a")
    assert claims.take(change.pk, owner="b") is None
    assert change.pk not in due_ids()


def test_what_is_not_due_is_not_taken():
    change = queued()
    ChangeRequest.objects.filter(pk=change.pk).update(run_after=clock.now() + timedelta(minutes=1))
    assert claims.take(change.pk, owner="a") is None


@pytest.mark.parametrize("state", sorted(set(ChangeState) - {ChangeState.QUEUED, ChangeState.RUNNING}))
def test_only_executable_changes_are_taken(state):
    change = ChangeFactory(state=state, run_after=clock.now())
    assert claims.take(change.pk, owner="a") is None


def test_an_expired_lease_is_taken_over_and_the_old_holder_cannot_write():
    change = queued()
    old = claims.take(change.pk, owner="a")
    ChangeRequest.objects.filter(pk=change.pk).update(lease_expires_at=clock.now() - timedelta(seconds=1))
    assert due_ids() == [change.pk]
    new = claims.take(change.pk, owner="b")
    assert new.token == old.token + 1
    with pytest.raises(claims.ClaimLost):
        old.write(outcome="from the dead")
    with pytest.raises(claims.ClaimLost):
        old.move(ChangeState.RUNNING, ChangeState.SUCCEEDED)
    new.move(ChangeState.RUNNING, ChangeState.SUCCEEDED)


def test_a_worker_that_comes_back_under_its_old_name_is_still_fenced_off():
    change = queued()
    old = claims.take(change.pk, owner="a")
    ChangeRequest.objects.filter(pk=change.pk).update(lease_expires_at=clock.now() - timedelta(seconds=1))
    claims.take(change.pk, owner="a")
    with pytest.raises(claims.ClaimLost):
        old.write(outcome="from the dead")


def test_yielding_gives_the_lease_back_and_sets_the_next_step():
    change = queued()
    claim = claims.take(change.pk, owner="a")
    claim.yield_until(clock.now() - timedelta(seconds=1))
    assert due_ids() == [change.pk]


def test_others_due_does_not_count_itself():
    change = queued()
    assert not turns.others_due(change.pk)
    queued()
    assert turns.others_due(change.pk)


@pytest.mark.django_db(transaction=True)
def test_twenty_workers_race_and_one_wins():
    change = queued()
    start, won = threading.Barrier(20), []

    def race(n: int) -> None:
        try:
            start.wait()
            if claims.take(change.pk, owner=f"w{n}"):
                won.append(n)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=race, args=(n,)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    change.refresh_from_db()
    assert change.fencing_token == 1


@pytest.mark.django_db(transaction=True)
def test_the_heartbeat_renews_the_lease_and_notices_its_loss(monkeypatch):
    monkeypatch.setattr(heartbeats, "HEARTBEAT_SECONDS", 0.02)
    change = queued()
    claim = claims.take(change.pk, owner="a")
    ChangeRequest.objects.filter(pk=change.pk).update(lease_expires_at=clock.now() + timedelta(seconds=1))
    with heartbeats.heartbeat(claim) as lost:
        from tests.fixtures.worker import until

        def renewed():
            return ChangeRequest.objects.get(pk=change.pk).lease_expires_at > clock.now() + timedelta(
                seconds=30
            )

        until(renewed)
        ChangeRequest.objects.filter(pk=change.pk).update(fencing_token=99)
        assert lost.wait(10)
