"""Clusters are looked at now and then: what they serve by now, and whether they are there."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal.audit.models import AuditEvent
from portal.core import clock
from portal.environments.models import Cluster
from portal.lifecycle.operations import breaker, cluster_looks
from portal.lifecycle.operations.cluster_looks import LOOK_EVERY, look_at_due
from tests.factories import UNREACHABLE

pytestmark = pytest.mark.django_db
KIND = "kafka.strimzi.io/v1/KafkaTopic"


def long_ago(**fields):
    """As if the cluster had been looked at long ago."""
    Cluster.objects.update(checked_at=clock.now() - LOOK_EVERY - timedelta(seconds=1), **fields)


def events():
    rows = AuditEvent.objects.filter(action__startswith="cluster.").exclude(action="cluster.registered")
    return list(rows.order_by("at", "id"))


def test_what_it_was_upgraded_to_and_what_was_installed_is_learned_and_recorded(provisioned):
    kinds = [each for each in provisioned.cluster.api_versions if each != KIND]
    long_ago(version="v1.35.0", api_versions=[*kinds, "old.example.org/v1/Gone"])
    assert look_at_due() == 1
    cluster = Cluster.objects.get()
    assert cluster.version == provisioned.cluster.version
    assert set(cluster.api_versions) == set(provisioned.cluster.api_versions)
    (event,) = events()
    assert (event.action, event.before) == ("cluster.changed", {"version": "v1.35.0"})
    assert event.after == {
        "version": cluster.version,
        "kinds_added": [KIND],
        "kinds_gone": ["old.example.org/v1/Gone"],
    }


def test_one_that_is_as_it_was_leaves_no_record_and_is_left_alone_for_a_while(provisioned):
    long_ago()
    assert (look_at_due(), look_at_due()) == (1, 0)
    assert events() == []


def test_two_who_look_at_once_look_once(provisioned, monkeypatch):
    long_ago()
    looked = []

    def look(cluster):
        looked.append(cluster.slug)
        look_at_due()  # the other, in the middle of it

    monkeypatch.setattr(cluster_looks, "look", look)
    stale = Cluster.objects.get()
    look_at_due()
    assert looked == [stale.slug]
    assert not cluster_looks._is_mine(stale)


def test_one_that_does_not_answer_is_lost_after_three_looks_and_found_again_without_a_change(provisioned):
    kubeconfig = Cluster.objects.get().kubeconfig
    for _ in range(breaker.OPEN_AFTER):
        long_ago(kubeconfig=UNREACHABLE)
        look_at_due()
    cluster = Cluster.objects.get()
    assert (cluster.reachable, cluster.unreachable_since is None) == (False, False)
    assert look_at_due() == 0, "left alone until its pause is over"
    past = clock.now() - timedelta(seconds=1)
    Cluster.objects.update(kubeconfig=kubeconfig, retry_at=past)
    assert look_at_due() == 1
    cluster = Cluster.objects.get()
    assert (cluster.reachable, cluster.unreachable_since, cluster.message) == (True, None, "")
    assert [each.action for each in events()] == ["cluster.lost", "cluster.answered"]


def test_one_that_does_not_let_the_portal_in_says_so_until_it_does(provisioned):
    kubeconfig = Cluster.objects.get().kubeconfig
    token = next(line for line in kubeconfig.splitlines() if "token:" in line).split(":")[1].strip()
    long_ago(kubeconfig=kubeconfig.replace(token, "of-nobody"))
    look_at_due()
    cluster = Cluster.objects.get()
    assert not cluster.reachable
    assert "does not accept the credentials" in cluster.message
    assert cluster.unreachable_since is None, "its changes say so themselves"
    long_ago(kubeconfig=kubeconfig)
    look_at_due()
    cluster = Cluster.objects.get()
    assert (cluster.reachable, cluster.message) == (True, "")
