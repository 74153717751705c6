"""A cluster that does not answer is left alone; its changes wait, say so, and lose nothing by it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal.audit.models import AuditEvent
from portal.core import clock
from portal.environments.models import Cluster
from portal.lifecycle.models import ChangeRequest, ServiceInstance
from portal.lifecycle.operations import breaker, claims, health, reconcile, retries
from portal.lifecycle.selectors import changes
from portal.lifecycle.states import ChangeState, Phase
from tests.factories import UNREACHABLE
from tests.fixtures.worker import work_off
from tests.lifecycle.helpers import WEB, ask

pytestmark = pytest.mark.django_db
SERVICE = {"application": "storefront", "environment": "dev", "offering": "web-service", "name": "shop-web"}


@pytest.fixture
def namespace(provisioned):
    return work_off(ask(provisioned.alice, application="storefront", environment="dev", offering="namespace"))


@pytest.fixture
def away(provisioned, namespace):
    """The cluster's address leads nowhere; gives what brings it back."""
    kubeconfig = Cluster.objects.get(pk=provisioned.cluster.pk).kubeconfig
    Cluster.objects.update(kubeconfig=UNREACHABLE)
    return lambda: Cluster.objects.update(kubeconfig=kubeconfig)


def try_now(change: ChangeRequest) -> float | None:
    """A step as if all pauses were over."""
    past = clock.now() - timedelta(seconds=1)
    ChangeRequest.objects.filter(pk=change.pk).update(run_after=past)
    Cluster.objects.exclude(retry_at=None).update(retry_at=past)
    return reconcile.advance(change.pk, owner="test")


def events() -> list[str]:
    rows = AuditEvent.objects.filter(action__startswith="cluster.").exclude(action="cluster.registered")
    return list(rows.order_by("at").values_list("action", flat=True))


def test_it_opens_after_three_failures_and_says_what_the_change_waits_for(provisioned, away):
    change = ask(provisioned.alice, **SERVICE, values=WEB)
    for _ in range(breaker.OPEN_AFTER):
        try_now(change)
    cluster, change = Cluster.objects.get(), ChangeRequest.objects.get(pk=change.pk)
    assert cluster.unreachable_since is not None
    assert cluster.retry_at > clock.now()
    assert not cluster.reachable
    assert change.held == "the cluster Sandbox, which does not answer"
    assert changes.waiting_on(change).text == change.held
    assert events() == ["cluster.lost"]


def test_what_waits_for_a_cluster_uses_up_no_attempts(provisioned, away):
    change = ask(provisioned.alice, **SERVICE, values=WEB)
    for _ in range(20):
        try_now(change)
    change.refresh_from_db()
    assert (change.state, change.attempts) == (ChangeState.RUNNING, breaker.OPEN_AFTER - 1)


def test_when_it_answers_again_all_goes_on_at_once(provisioned, away):
    change = ask(provisioned.alice, **SERVICE, values=WEB)
    other = ask(provisioned.alice, **{**SERVICE, "name": "shop-api"}, values=WEB)
    for _ in range(breaker.OPEN_AFTER):
        try_now(change)
    other.refresh_from_db()
    assert other.held == "the cluster Sandbox, which does not answer"
    away()
    try_now(change)
    cluster = Cluster.objects.get()
    assert (cluster.failures, cluster.unreachable_since, cluster.retry_at) == (0, None, None)
    assert cluster.reachable
    other.refresh_from_db()
    assert other.held == ""
    assert {work_off(change).state, work_off(other).state} == {ChangeState.SUCCEEDED}
    assert events() == ["cluster.lost", "cluster.answered"]


def test_a_step_that_began_before_it_opened_and_ends_well_closes_it(provisioned, namespace, monkeypatch):
    change = ask(provisioned.alice, **SERVICE, values=WEB)

    def apply_while_others_fail(change, claim, stop):
        for _ in range(breaker.OPEN_AFTER):
            breaker.failed(Cluster.objects.get(), "It does not answer.")
        assert Cluster.objects.get().unreachable_since is not None
        return reconcile.apply(change, claim, stop)

    monkeypatch.setitem(reconcile.STEPS, Phase.APPLYING, apply_while_others_fail)
    reconcile.advance(change.pk, owner="test")
    assert Cluster.objects.get().unreachable_since is None
    assert events() == ["cluster.lost", "cluster.answered"]


def test_while_it_is_left_alone_nobody_tries_and_nobody_is_woken(provisioned, away):
    change = ask(provisioned.alice, **SERVICE, values=WEB)
    for _ in range(breaker.OPEN_AFTER):
        try_now(change)
    ChangeRequest.objects.update(run_after=clock.now() - timedelta(seconds=1))
    assert changes.due_ids() == []
    assert claims.take(change.pk, owner="test") is None
    assert list(Cluster.objects.answering()) == []


def test_one_at_a_time_tries_it_out(provisioned, away):
    change = ask(provisioned.alice, **SERVICE, values=WEB)
    other = ask(provisioned.alice, **{**SERVICE, "name": "shop-api"}, values=WEB)
    for _ in range(breaker.OPEN_AFTER):
        try_now(change)
    past = clock.now() - timedelta(seconds=1)
    ChangeRequest.objects.update(run_after=past)
    Cluster.objects.update(retry_at=past)
    assert claims.take(other.pk, owner="first") is not None
    assert claims.take(change.pk, owner="second") is None


def test_what_was_queued_since_says_what_it_waits_for_with_the_next_sweep(provisioned, away):
    change = ask(provisioned.alice, **SERVICE, values=WEB)
    for _ in range(breaker.OPEN_AFTER):
        try_now(change)
    later = ask(provisioned.alice, **{**SERVICE, "name": "shop-api"}, values=WEB)
    breaker.hold_all()
    later.refresh_from_db()
    assert later.held == "the cluster Sandbox, which does not answer"


def test_a_day_is_too_long(provisioned, away, monkeypatch):
    change = ask(provisioned.alice, **SERVICE, values=WEB)
    for _ in range(breaker.OPEN_AFTER):
        try_now(change)
    Cluster.objects.update(unreachable_since=clock.now() - retries.LONGEST_ABSENCE - timedelta(minutes=1))
    for _ in range(2 * 8 + 2):
        try_now(change)
    change.refresh_from_db()
    assert change.state == ChangeState.FAILED
    assert "Rolling back failed too" in change.outcome


def test_time_to_become_ready_does_not_run_while_the_cluster_is_away(provisioned, away):
    away()
    slow = {**WEB, "image": {"repository": "registry.example.com/shop/slow-3", "tag": "1"}}
    change = ask(provisioned.alice, **SERVICE, values=slow)
    reconcile.advance(change.pk, owner="test")
    change.refresh_from_db()
    until = change.observe_until
    assert until is not None
    Cluster.objects.update(kubeconfig=UNREACHABLE)
    for _ in range(breaker.OPEN_AFTER):
        try_now(change)
    change.refresh_from_db()
    assert change.observe_until > until
    away()
    assert work_off(change).state == ChangeState.SUCCEEDED


def test_health_is_not_asked_of_a_cluster_that_is_left_alone(provisioned, namespace):
    ServiceInstance.objects.update(health_checked_at=None)
    Cluster.objects.update(retry_at=clock.now() + timedelta(minutes=1))
    assert health.refresh_oldest() == 0
    Cluster.objects.update(retry_at=None)
    assert health.refresh_oldest() == 1
