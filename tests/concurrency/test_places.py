"""Workers that look for a place on the same cluster at the same instant."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from portal.core import clock
from portal.environments.models import Cluster
from portal.lifecycle.models import ChangeRequest
from portal.lifecycle.operations import claims, places
from portal.lifecycle.states import ChangeState
from tests.concurrency.racing import Meeting, race
from tests.factories import ChangeFactory, EnvironmentFactory, InstanceFactory

pytestmark = pytest.mark.django_db(transaction=True)
WORKERS, PLACES = 8, 3


def contestants() -> list[Callable[[], claims.Claim | None]]:
    """As many workers as changes, all on one cluster with few places."""
    environment = EnvironmentFactory()
    Cluster.objects.update(concurrency=PLACES)
    changes = [
        ChangeFactory(
            instance=InstanceFactory(environment=environment), state=ChangeState.QUEUED, run_after=clock.now()
        )
        for _ in range(WORKERS)
    ]
    return [lambda change=change: claims.take(change.pk, owner=f"worker {change.pk}") for change in changes]


def at_work() -> int:
    return ChangeRequest.objects.filter(lease_expires_at__gt=clock.now()).count()


def test_no_more_work_on_a_cluster_than_it_has_places() -> None:
    won = [claim for claim in race(*contestants()).values if claim]
    assert 1 <= len(won) <= PLACES
    assert at_work() == len(won)


@pytest.mark.postgres
def test_two_that_saw_the_same_place_free_do_not_both_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    meeting = Meeting(2, patience=10)
    monkeypatch.setattr(random, "randrange", lambda count: 0)
    monkeypatch.setattr(places, "free_place", meeting.after(places.free_place))
    won = [claim for claim in race(*contestants()[:2]).values if claim]
    assert meeting.complete
    assert len(won) == at_work() == 1


def test_control_without_places_all_are_at_work(monkeypatch: pytest.MonkeyPatch) -> None:
    free = iter(range(1000))
    monkeypatch.setattr(places, "free_place", lambda cluster, now: next(free))
    won = [claim for claim in race(*contestants()).values if claim]
    assert len(won) == at_work() == WORKERS
