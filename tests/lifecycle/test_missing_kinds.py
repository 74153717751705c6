"""Kinds that come with an operator: asked for before anything is sealed, not in the middle of a rollout."""

from __future__ import annotations

import pytest

from portal.clusters.kubernetes import Kubernetes
from portal.core.objects import ObjectKey
from portal.environments.models import Cluster
from portal.lifecycle.models import ChangeRequest, ServiceInstance
from portal.lifecycle.operations import kinds
from portal.lifecycle.states import ChangeState
from tests.api.conftest import Api
from tests.fixtures.worker import work_off
from tests.lifecycle.helpers import ask, live_namespace, succeed

pytestmark = pytest.mark.django_db
PLACE = {"application": "storefront", "environment": "dev"}
TOPIC = {**PLACE, "offering": "kafka-topic", "name": "orders"}
TOPIC_KIND = "kafka.strimzi.io/v1/KafkaTopic"


def serve(organisation, *api_versions: str) -> None:
    """As if the portal had once learned that the cluster serves these, and the cluster were away now."""
    Cluster.objects.filter(pk=organisation.cluster.pk).update(api_versions=["v1/Secret", *api_versions])


def without(cluster: Cluster, group: str) -> None:
    """As if the kinds of a group had been installed after the portal last asked."""
    cluster.api_versions = [each for each in cluster.api_versions if not each.startswith(group)]
    cluster.save(update_fields=["api_versions"])


def test_a_cluster_without_an_operator_is_told_of_and_nothing_is_asked(organisation):
    live_namespace(organisation)
    serve(organisation)
    answer = Api(organisation.alice).post("changes/", TOPIC)
    assert (answer.status_code, answer.json()["code"]) == (422, "kind_not_served")
    assert [problem.split(".")[0] for problem in answer.json()["problems"]] == [
        f"Cluster {organisation.cluster} has no kafka"
    ] * 2
    for problem, kind in zip(sorted(answer.json()["problems"]), ("KafkaTopic", "KafkaUser"), strict=True):
        assert f"has no kafka.strimzi.io {kind} (kafka.strimzi.io/v1). It comes with Strimzi" in problem
        assert "ask the platform team" in problem
    assert not ServiceInstance.objects.filter(name="orders").exists()


def test_a_preview_says_the_same(organisation):
    live_namespace(organisation)
    serve(organisation)
    preview = Api(organisation.alice).post("previews/", TOPIC).json()
    assert preview["allowed"] is False
    assert any("It comes with Strimzi" in problem for problem in preview["problems"])


def test_another_version_of_a_kind_is_named(organisation):
    live_namespace(organisation)
    serve(organisation, "kafka.strimzi.io/v1beta2/KafkaTopic", "kafka.strimzi.io/v1/KafkaUser")
    (problem,) = Api(organisation.alice).post("changes/", TOPIC).json()["problems"]
    assert "has KafkaTopic only as kafka.strimzi.io/v1beta2, not as kafka.strimzi.io/v1" in problem


def test_a_cluster_that_was_never_asked_is_not_spoken_of(organisation):
    live_namespace(organisation)
    assert organisation.cluster.api_versions == []
    assert Api(organisation.alice).post("changes/", TOPIC).status_code == 201


def test_what_a_chart_brings_itself_is_not_missing(organisation):
    serve(organisation, "apiextensions.k8s.io/v1/CustomResourceDefinition")
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "gears.lab.example.com"},
        "spec": {"group": "lab.example.com", "names": {"kind": "Gear"}},
    }
    gear = {"apiVersion": "lab.example.com/v1", "kind": "Gear", "metadata": {"name": "x"}}
    cluster = Cluster.objects.get(pk=organisation.cluster.pk)
    assert kinds.problems([definition, gear], cluster=cluster, namespace_objects=[]) == []
    (problem,) = kinds.problems([gear], cluster=cluster, namespace_objects=[])
    assert "has no lab.example.com Gear" in problem


def test_a_namespace_that_is_too_old_for_topics_has_to_be_upgraded_first(organisation):
    old = ask(organisation.alice, **PLACE, offering="namespace", version="1.0.0")
    succeed(old)
    answer = Api(organisation.alice).post("changes/", TOPIC)
    assert (answer.status_code, answer.json()["code"]) == (422, "kind_not_served")
    assert all("Upgrade the namespace to its newest version" in each for each in answer.json()["problems"])


def test_what_was_installed_since_is_found_and_the_topic_becomes_ready(provisioned):
    work_off(ask(provisioned.alice, **PLACE, offering="namespace"))
    without(provisioned.cluster, "kafka.strimzi.io")
    answer = Api(provisioned.alice).post("changes/", TOPIC)
    assert answer.status_code == 201, answer.json()
    change = ChangeRequest.objects.get(pk=answer.json()["id"])
    work_off(change)
    change.refresh_from_db()
    assert change.state == ChangeState.SUCCEEDED
    topic = ObjectKey("kafka.strimzi.io/v1", "KafkaTopic", "storefront-dev", "orders")
    live = Kubernetes(provisioned.cluster.connection).get(topic)
    assert live["status"]["topicName"] == "storefront-dev.orders"
