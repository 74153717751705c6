"""What grew from a release is found, related, and remembered when the cluster falls silent."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal.clusters.kubernetes import Kubernetes
from portal.core import clock
from portal.core.objects import ObjectKey
from portal.lifecycle.models import ServiceInstance
from portal.lifecycle.operations.topology import looking, reading
from portal.lifecycle.operations.topology.graph import Topology
from tests.factories import UNREACHABLE
from tests.fixtures.worker import until
from tests.lifecycle.running.conftest import a_stranger


def named(topology: Topology) -> dict[str, str]:
    return {str(node.key): node.state for node in topology.nodes}


def sentences(topology: Topology) -> set[str]:
    return {f"{edge.source.kind} {edge.relation} {edge.target.kind}" for edge in topology.edges}


def test_a_web_service_is_seen_from_its_deployment_to_its_pods(running: ServiceInstance) -> None:
    seen = reading.read(running)
    states = named(seen)
    assert states["Deployment/shop-api"] == states["Service/shop-api"] == "ready"
    kinds = [node.key.kind for node in seen.nodes]
    assert (kinds.count("Pod"), kinds.count("ReplicaSet"), kinds.count("EndpointSlice")) == (2, 1, 1)
    said = sentences(seen)
    assert {"Deployment owns ReplicaSet", "ReplicaSet owns Pod", "Service owns EndpointSlice"} <= said
    assert {"Service sends to Pod", "NetworkPolicy applies to Deployment"} <= said
    assert {node.sealed for node in seen.nodes if node.key.kind in ("Pod", "ReplicaSet")} == {False}
    service = seen.node("Service", "shop-api")
    assert service is not None
    assert service.message == "sends to 2 of 2 pods"


def test_what_belongs_to_a_neighbour_is_left_out(running: ServiceInstance, cluster: Kubernetes) -> None:
    a_stranger(running, cluster, "shop-api-stranger")
    assert "Pod/shop-api-stranger" not in named(reading.read(running))


def test_an_object_that_somebody_deleted_is_missing(running: ServiceInstance, cluster: Kubernetes) -> None:
    cluster.delete(ObjectKey("v1", "Service", running.namespace, "shop-api"))
    node = reading.read(running).node("Service", "shop-api")
    assert node is not None
    assert (node.state, node.message) == ("missing", "is not in the cluster")


def test_earlier_replica_sets_are_counted_and_not_shown(
    running: ServiceInstance, cluster: Kubernetes
) -> None:
    key = ObjectKey("apps/v1", "Deployment", running.namespace, "shop-api")
    image = "/spec/template/spec/containers/0/image"
    cluster.patch(key, [{"op": "replace", "path": image, "value": "registry.example.com/x:2"}], "somebody")

    def renewed() -> bool:
        seen = reading.read(running)
        node = seen.node("Deployment", "shop-api")
        return node is not None and node.left_off == 1 and node.state == "ready"

    until(renewed)
    assert [node.key.kind for node in reading.read(running).nodes].count("ReplicaSet") == 1


def test_a_silent_cluster_is_said_with_what_was_last_seen(
    running: ServiceInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = looking.look(running).topology
    silent = running.environment.cluster
    silent.kubeconfig = UNREACHABLE
    later = clock.now() + timedelta(minutes=4)
    monkeypatch.setattr(clock, "now", lambda: later)
    look = looking.look(running)
    assert look.unreachable is not None
    assert look.topology == first


def test_many_who_watch_cost_the_cluster_one_look(running: ServiceInstance, cluster: Kubernetes) -> None:
    first = looking.look(running).topology
    cluster.delete(ObjectKey("v1", "Service", running.namespace, "shop-api"))
    assert looking.look(running).topology == first


def test_what_was_never_seen_is_shown_as_sealed_and_not_known(running: ServiceInstance) -> None:
    running.environment.cluster.kubeconfig = UNREACHABLE
    look = looking.look(running)
    assert look.topology.seen_at is None
    assert {node.state for node in look.topology.nodes} == {"unknown"}
    assert "Deployment/shop-api" in named(look.topology)
