"""One sync of a source at a time; a worker that dies, or stumbles, holds nobody up for long."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from portal.core import clock
from services_catalog import tasks
from services_catalog.models import ChartArchive, ChartSource, SourceVersion, SyncOutcome
from services_catalog.sources import importing, leases, services, syncing
from services_catalog.sources.errors import LeaseLost, SyncUnderWay
from services_catalog.sources.limits import LIMITS, Limits
from services_catalog.sources.readers import reader_of
from tests.fixtures.helm_repository import Repository
from tests.services_catalog.sources.conftest import TAKING, AddSource, states, sync

pytestmark = pytest.mark.django_db
Later = Callable[[timedelta], None]


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Later:
    """Moves the portal's clock."""
    moved = timedelta()
    real = clock.now

    def pass_by(time: timedelta) -> None:
        nonlocal moved
        moved += time

    monkeypatch.setattr(clock, "now", lambda: real() + moved)
    return pass_by


@pytest.fixture
def source(helm_repository: Repository, add_source: AddSource) -> ChartSource:
    helm_repository.add("teal", "1.0.0")
    return add_source(helm_repository.url)


def test_two_workers_never_read_the_same_source(source: ChartSource) -> None:
    lease = leases.claim(source)
    assert lease is not None
    with pytest.raises(SyncUnderWay):
        syncing.sync(source)
    assert leases.claim(ChartSource.objects.get(pk=source.pk)) is None
    assert not ChartSource.objects.due().exists()


def test_of_two_who_claim_at_once_one_gets_it(source: ChartSource) -> None:
    same = ChartSource.objects.get(pk=source.pk)
    assert [leases.claim(source) is None, leases.claim(same) is None] == [False, True]


def test_after_a_worker_that_died_another_one_reads_the_source(source: ChartSource, later: Later) -> None:
    dead = leases.claim(source)
    later(leases.LEASE + timedelta(seconds=1))
    assert sync(source).new == 1
    with pytest.raises(LeaseLost):
        dead.renew()


def test_a_worker_that_comes_back_from_the_dead_writes_nothing(source: ChartSource, later: Later) -> None:
    """It has fetched a version, and is late to store it."""
    source.refresh_from_db()
    dead = leases.claim(source)
    with reader_of(source, TAKING) as reader:
        [offer] = reader.look({}).offers
        taken = importing.take(source, offer, reader, None)
    later(leases.LEASE + timedelta(seconds=1))
    assert leases.claim(ChartSource.objects.get(pk=source.pk)) is not None

    with pytest.raises(LeaseLost):
        importing.store(source, offer, taken, dead)
    assert not SourceVersion.objects.exists()
    assert not ChartArchive.objects.exists()


def test_a_change_of_settings_takes_the_source_from_whoever_reads_it(source: ChartSource) -> None:
    lease = leases.claim(source)
    services.change(source, actor=None, newest=3)
    with pytest.raises(LeaseLost):
        lease.renew()
    assert ChartSource.objects.due().filter(pk=source.pk).exists()


def test_who_asks_while_a_source_is_read_has_it_read_again(source: ChartSource, later: Later) -> None:
    source.refresh_from_db()
    lease = leases.claim(source)
    later(timedelta(seconds=1))
    services.ask(source, actor=None)
    lease.let_go(due_at=clock.now() + timedelta(hours=1))
    assert ChartSource.objects.due().filter(pk=source.pk).exists()


def test_what_breaks_on_our_side_lets_the_source_go(
    source: ChartSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("services_catalog.sources.index.read", broken)
    done = sync(source)
    assert (done.outcome, done.code) == (SyncOutcome.FAILED, "sync_broke")
    assert source.lease_until is None


def test_a_source_is_read_again_after_its_interval(source: ChartSource, later: Later) -> None:
    sync(source, limits=LIMITS)
    later(timedelta(seconds=source.interval_seconds - 120))
    assert not ChartSource.objects.due().exists()
    later(timedelta(seconds=120))
    assert ChartSource.objects.due().get() == source


def test_after_failures_it_is_tried_soon_and_then_ever_later(
    source: ChartSource, helm_repository: Repository, later: Later
) -> None:
    helm_repository.answer("/charts/index.yaml", 500)
    pauses = []
    for _ in range(9):
        sync(source)
        pauses.append(round((source.due_at - clock.now()).total_seconds(), -1))
        later(source.due_at - clock.now())
    assert pauses == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]
    del helm_repository.answers["/charts/index.yaml"]
    assert sync(source).outcome == SyncOutcome.OK
    assert source.failures == 0


def test_what_there_was_no_time_for_follows_at_once(source: ChartSource, helm_repository: Repository) -> None:
    helm_repository.add("amber", "1.0.0", "1.1.0")
    done = sync(source, limits=Limits(seconds=0, examinations=0))
    assert (done.new, done.unfinished) == (0, 3)
    assert ChartSource.objects.due().get() == source
    assert sync(source).new == 3
    assert set(states(source).values()) == {"imported"}


def test_workers_read_what_is_due_and_leave_the_rest(source: ChartSource) -> None:
    tasks.sync_source(source.pk)
    assert states(source) == {"teal 1.0.0": "imported"}
    before = ChartSource.objects.get(pk=source.pk)
    tasks.sync_source(source.pk)  # a second delivery
    assert ChartSource.objects.get(pk=source.pk).fence == before.fence


def test_beat_sends_each_due_source_once(
    source: ChartSource, add_source: AddSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int] = []
    monkeypatch.setattr(tasks, "wake", sent.append)
    services.change(add_source("https://charts.example.org", slug="off"), actor=None, enabled=False)
    tasks.sync_due_sources()
    assert sent == [source.pk]
