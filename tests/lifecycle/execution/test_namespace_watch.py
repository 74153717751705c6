"""Helm is told when the namespace goes away under it: by what a real API server says, and by nothing less."""

import dataclasses

import pytest

from portal.clusters.errors import ClusterError
from portal.clusters.kubernetes import Kubernetes
from portal.lifecycle.operations.namespace_watch import NamespaceWatch, is_gone
from tests.factories import UNREACHABLE

pytestmark = pytest.mark.django_db
NAMESPACES = "/api/v1/namespaces"


@pytest.fixture
def cluster(provisioned):
    return Kubernetes(provisioned.cluster.connection)


@pytest.fixture
def away(provisioned):
    return Kubernetes(dataclasses.replace(provisioned.cluster.connection, kubeconfig=UNREACHABLE))


def test_a_namespace_is_gone_when_it_is_not_there(cluster, away):
    assert is_gone(cluster, "nowhere")
    assert not is_gone(cluster, "default")
    with pytest.raises(ClusterError):
        is_gone(away, "default")


def test_it_is_gone_as_soon_as_it_is_on_its_way_out(cluster, clean_cluster):
    metadata = {"name": "leaving", "finalizers": ["example.org/stays-a-while"]}
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
    assert clean_cluster.request("POST", NAMESPACES, body=body).status == 201
    assert not is_gone(cluster, "leaving")
    clean_cluster.request("DELETE", f"{NAMESPACES}/leaving")
    assert cluster.namespace("leaving") is not None
    assert is_gone(cluster, "leaving")
    clean_cluster.request(
        "PATCH",
        f"{NAMESPACES}/leaving",
        body={"metadata": {"finalizers": None}},
        content_type="application/merge-patch+json",
    )


@pytest.mark.parametrize(("name", "told"), [("nowhere", True), ("default", False)])
def test_the_watch_tells_of_what_is_gone_alone(cluster, monkeypatch, name, told):
    watch = NamespaceWatch(cluster, name)
    looks = iter(range(3))
    monkeypatch.setattr(watch._done, "wait", lambda seconds: next(looks, None) is None)
    watch.keep()
    assert watch.gone.is_set() == told


def test_a_cluster_that_does_not_answer_stops_nothing(away, monkeypatch):
    watch = NamespaceWatch(away, "default")
    looks = iter(range(3))
    monkeypatch.setattr(watch._done, "wait", lambda seconds: next(looks, None) is None)
    watch.keep()
    assert not watch.gone.is_set()
    assert next(looks, None) is None, "it went on looking"
