"""Kafka topics, users and buckets: what the operators of the addons answer."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from portal.sandbox import addons
from portal.sandbox.controllers.strimzi import KAFKA
from portal.sandbox.printers.tables import Tables
from tests.sandbox.living import LivingCluster

KAFKA_API, COSI_API = "kafka.strimzi.io/v1", "objectstorage.k8s.io/v1alpha1"
TOPIC = """
apiVersion: kafka.strimzi.io/v1
kind: KafkaTopic
metadata: {name: %s, labels: {strimzi.io/cluster: %s}}
spec: {topicName: team.orders, partitions: 3, replicas: 3, config: {retention.ms: 604800000}}
"""
USER = """
apiVersion: kafka.strimzi.io/v1
kind: KafkaUser
metadata: {name: team.orders, labels: {strimzi.io/cluster: kafka}}
spec:
  authentication:
    type: scram-sha-512
    password: {valueFrom: {secretKeyRef: {name: orders-connection, key: password}}}
  authorization: {type: simple, acls: [{resource: {type: topic, name: team.orders}, operations: [Read]}]}
"""
PASSWORD = """
apiVersion: v1
kind: Secret
metadata: {name: orders-connection}
stringData: {password: %s}
"""
CLAIM = """
apiVersion: objectstorage.k8s.io/v1alpha1
kind: BucketClaim
metadata: {name: files}
spec: {bucketClassName: %s, protocols: [S3]}
"""
ACCESS = """
apiVersion: objectstorage.k8s.io/v1alpha1
kind: BucketAccess
metadata: {name: files}
spec:
  bucketClaimName: files
  bucketAccessClassName: standard
  protocol: S3
  credentialsSecretName: files-connection
"""


@pytest.fixture
def equipped() -> Iterator[LivingCluster]:
    living = LivingCluster("strimzi", "cosi")
    yield living
    living.stop()


def condition(obj: dict[str, Any] | None) -> tuple[str, str, str]:
    """(type, status, reason and message) of the only condition."""
    assert obj is not None
    (entry,) = obj["status"]["conditions"]
    return entry["type"], entry["status"], f"{entry.get('reason', '')} {entry.get('message', '')}".strip()


def decoded(secret: dict[str, Any] | None) -> dict[str, str]:
    assert secret is not None
    return {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}


def test_a_cluster_without_addons_serves_none_of_their_kinds(cluster: LivingCluster) -> None:
    assert cluster.cluster.resources.by_api_version(KAFKA_API, "KafkaTopic") is None
    assert cluster.cluster.resources.by_api_version(COSI_API, "BucketClaim") is None


def test_addons_are_chosen_by_name() -> None:
    assert set(addons.chosen("all")) >= {"cosi", "strimzi"}
    assert addons.chosen("cosi,strimzi") == ("cosi", "strimzi")
    assert addons.chosen("") == ()
    with pytest.raises(ValueError, match="no addon tekton; there are"):
        addons.chosen("tekton")


def test_a_topic_becomes_ready(equipped: LivingCluster) -> None:
    made = equipped.create(TOPIC % ("orders", KAFKA))
    equipped.settle()
    topic = equipped.fresh(made)
    assert condition(topic) == ("Ready", "True", "")
    assert topic is not None
    assert (topic["status"]["topicName"], topic["status"]["observedGeneration"]) == ("team.orders", 1)


def test_a_table_of_topics_shows_their_cluster_and_state(equipped: LivingCluster) -> None:
    """The label's name has a dot, which the column's path escapes."""
    made = equipped.create(TOPIC % ("orders", KAFKA))
    equipped.settle()
    resource = equipped.resource(KAFKA_API, "KafkaTopic")
    tables = Tables(equipped.cluster.custom_resources)
    table = tables.table(resource, [equipped.fresh(made) or {}], {})
    shown = dict(
        zip((each["name"] for each in table["columnDefinitions"]), table["rows"][0]["cells"], strict=True)
    )
    assert (shown["Name"], shown["Cluster"], shown["Partitions"], shown["Ready"]) == (
        "orders",
        KAFKA,
        3,
        "True",
    )


def test_nobody_looks_at_a_topic_of_an_unknown_kafka_cluster(equipped: LivingCluster) -> None:
    made = equipped.create(TOPIC % ("orders", "elsewhere"))
    equipped.settle()
    assert "status" not in (equipped.fresh(made) or {})


def test_partitions_may_be_added_but_not_taken_away(equipped: LivingCluster) -> None:
    made = equipped.create(TOPIC % ("orders", KAFKA))
    equipped.settle()
    more = equipped.change(equipped.fresh(made) or {}, lambda topic: topic["spec"].update(partitions=6))
    equipped.settle()
    assert condition(equipped.fresh(made))[1] == "True"
    equipped.change(equipped.fresh(more) or {}, lambda topic: topic["spec"].update(partitions=2))
    equipped.settle()
    assert condition(equipped.fresh(made)) == (
        "Ready",
        "False",
        "NotSupported Decreasing partitions not supported",
    )


def test_two_objects_cannot_manage_one_topic_and_the_second_takes_over(equipped: LivingCluster) -> None:
    first = equipped.create(TOPIC % ("orders", KAFKA))
    equipped.settle()
    second = equipped.create(TOPIC % ("again", KAFKA))
    equipped.settle()
    assert condition(equipped.fresh(first))[1] == "True"
    assert condition(equipped.fresh(second))[1:] == (
        "False",
        "ResourceConflict Managed by Ref{namespace='team', name='orders'}",
    )
    equipped.delete(equipped.fresh(first) or {})
    equipped.settle()
    assert condition(equipped.fresh(second)) == ("Ready", "True", "")


def test_a_user_takes_the_password_of_the_named_secret_and_follows_it(equipped: LivingCluster) -> None:
    made = equipped.create(USER)
    equipped.settle()
    assert condition(equipped.fresh(made)) == (
        "NotReady",
        "True",
        "InvalidResourceException Secret orders-connection with requested user password does not exist.",
    )
    source = equipped.create(PASSWORD % "one1")
    equipped.settle()
    assert condition(equipped.fresh(made)) == ("Ready", "True", "")
    secret = decoded(equipped.get("v1", "Secret", "team.orders"))
    assert secret["password"] == "one1"
    assert 'username="team.orders" password="one1";' in secret["sasl.jaas.config"]
    equipped.change(source, lambda obj: obj["data"].update(password=base64.b64encode(b"two2").decode()))
    equipped.settle()
    assert decoded(equipped.get("v1", "Secret", "team.orders"))["password"] == "two2"


def test_a_user_without_a_password_gets_one_and_its_secret_goes_with_it(equipped: LivingCluster) -> None:
    text = USER.replace(
        "    password: {valueFrom: {secretKeyRef: {name: orders-connection, key: password}}}\n", ""
    )
    made = equipped.create(text)
    equipped.settle()
    assert len(decoded(equipped.get("v1", "Secret", "team.orders"))["password"]) == 32
    equipped.delete(equipped.fresh(made) or {})
    equipped.until(lambda: equipped.get("v1", "Secret", "team.orders") is None)


def test_a_claim_gets_a_bucket_and_an_access_its_secret(equipped: LivingCluster) -> None:
    access = equipped.create(ACCESS)
    equipped.settle()
    assert "status" not in (equipped.fresh(access) or {})
    claim = equipped.create(CLAIM % "standard")
    equipped.settle()
    status = (equipped.fresh(claim) or {})["status"]
    assert status["bucketReady"] is True
    assert (equipped.fresh(access) or {})["status"]["accessGranted"] is True
    info = json.loads(decoded(equipped.get("v1", "Secret", "files-connection"))["BucketInfo"])
    assert info["spec"]["bucketName"] == status["bucketName"]
    assert set(info["spec"]["secretS3"]) == {"endpoint", "region", "accessKeyID", "accessSecretKey"}
    equipped.delete(equipped.fresh(access) or {})
    equipped.until(lambda: equipped.get("v1", "Secret", "files-connection") is None)


def test_a_claim_of_an_unknown_class_waits_for_it_and_says_so(equipped: LivingCluster) -> None:
    claim = equipped.create(CLAIM % "gold")
    equipped.settle()
    assert (equipped.fresh(claim) or {})["status"] == {"bucketReady": False}
    (event,) = equipped.all("v1", "Event")
    assert event["message"] == 'bucketclasses.objectstorage.k8s.io "gold" not found'
    equipped.create(
        f"apiVersion: {COSI_API}\nkind: BucketClass\nmetadata: {{name: gold}}\n"
        "driverName: other.example.com\ndeletionPolicy: Delete"
    )
    equipped.settle()
    assert (equipped.fresh(claim) or {})["status"]["bucketReady"] is True


@pytest.mark.parametrize(("chosen", "left"), [("standard", 1), ("scratch", 0)])
def test_the_class_decides_whether_the_bucket_outlives_its_claim(
    equipped: LivingCluster, chosen: str, left: int
) -> None:
    claim = equipped.create(CLAIM % chosen)
    equipped.settle()
    assert len(equipped.all(COSI_API, "Bucket", None)) == 1
    equipped.delete(equipped.fresh(claim) or {})
    equipped.settle()
    assert len(equipped.all(COSI_API, "Bucket", None)) == left
