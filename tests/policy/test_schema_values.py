"""Single values of built-in objects: what Go reads, and what it says of the rest."""

from __future__ import annotations

from typing import Any

import pytest

from portal.policy.schema import check
from tests.policy.forms import cannot, messages, pod, secret, service
from tests.policy.scenes import config_map, deployment


@pytest.mark.parametrize(
    ("document", "path", "message"),
    [
        (
            {**config_map(), "data": {"port": 80}},
            "data.port",
            cannot("number", "ConfigMap.data", "string"),
        ),
        (
            {**config_map(), "data": {"port": 0.5}},
            "data.port",
            cannot("number", "ConfigMap.data", "string"),
        ),
        (
            {**config_map(), "data": ["a"]},
            "data",
            cannot("array", "ConfigMap.data", "map[string]string"),
        ),
        (
            {**config_map(), "metadata": {"annotations": {"a.b/c": True}}},
            "metadata.annotations.a.b/c",
            cannot("bool", "ObjectMeta.metadata.annotations", "string"),
        ),
        (
            {**config_map(), "immutable": "yes"},
            "immutable",
            cannot("string", "ConfigMap.immutable", "bool"),
        ),
        (
            pod(imagePullSecrets=["key"]),
            "spec.imagePullSecrets[0]",
            cannot("string", "PodSpec.spec.imagePullSecrets", "v1.LocalObjectReference"),
        ),
        (
            pod({"command": "sleep"}),
            "spec.containers[0].command",
            cannot("string", "Container.spec.containers.command", "[]string"),
        ),
        (
            pod({"securityContext": {"capabilities": {"drop": "ALL"}}}),
            "spec.containers[0].securityContext.capabilities.drop",
            cannot(
                "string", "Capabilities.spec.containers.securityContext.capabilities.drop", "[]v1.Capability"
            ),
        ),
        (
            pod({"resources": {"limits": "2"}}),
            "spec.containers[0].resources.limits",
            cannot("string", "ResourceRequirements.spec.containers.resources.limits", "v1.ResourceList"),
        ),
        (
            pod(priority=3_000_000_000),
            "spec.priority",
            cannot("number 3000000000", "PodSpec.spec.priority", "int32"),
        ),
        (
            pod(priority=1.5),
            "spec.priority",
            cannot("number 1.5", "PodSpec.spec.priority", "int32"),
        ),
        (
            service({"port": 80, "targetPort": True}),
            "spec.ports[0].targetPort",
            cannot("bool", "ServicePort.spec.ports.targetPort", "int32"),
        ),
        (
            service({"port": 80}, type=5),
            "spec.type",
            cannot("number", "ServiceSpec.spec.type", "v1.ServiceType"),
        ),
        (
            secret(data={"key": 5}),
            "data.key",
            cannot("number", "Secret.data", "[]uint8"),
        ),
        ({**config_map(), "spec": {}}, "spec", 'unknown field "spec"'),
        ({**config_map(), 'a"b': 1}, 'a"b', 'unknown field "a\\"b"'),
    ],
)
def test_a_wrong_type_or_name_is_told_in_the_servers_words(document: Any, path: str, message: str) -> None:
    assert [(problem.path, problem.message) for problem in check(document)] == [(path, message)]


@pytest.mark.parametrize("value", ["1", "100m", "0.5", "1Gi", "1e3", "-1", ".5", "5.", 1, 0.5, 10**18])
def test_what_spells_a_quantity_is_one(value: Any) -> None:
    assert check(pod({"resources": {"limits": {"cpu": value}}})) == []


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("", "quantities must match"),
        ("one", "quantities must match"),
        ("1 Gi", "quantities must match"),
        ("1gb", "quantities must match"),
        ("1kk", "unable to parse quantity's suffix"),
        (True, "quantities must match"),
        ({"a": "1"}, "quantities must match"),
        ([1], "quantities must match"),
    ],
)
def test_what_spells_no_quantity_is_refused(value: Any, message: str) -> None:
    (said,) = messages(pod({"resources": {"limits": {"cpu": value}}}))
    assert said.startswith(message)


@pytest.mark.parametrize("value", ["", "QQ==", "QUI=", "QUJD", "QU\nJD\r\n", "QR=="])
def test_base64_is_read_as_go_reads_it(value: str) -> None:
    assert check(secret(data={"key": value})) == []


@pytest.mark.parametrize(
    ("value", "byte"),
    [("secret!", 6), ("abcde", 4), ("QQ=", 3), ("QQ=Q", 2), ("QQ==x", 4), ("=", 0), ("Q===", 1), ("QÄ==", 1)],
)
def test_what_is_no_base64_is_refused_where_go_stops_reading(value: str, byte: int) -> None:
    assert messages(secret(data={"key": value})) == [f"illegal base64 data at input byte {byte}"]


def test_text_in_string_data_needs_no_encoding() -> None:
    assert check(secret(stringData={"key": "no base64 at all!"})) == []


def test_a_masked_secret_is_no_finding() -> None:
    assert check(secret(data={"key": "•••••• (0a1b2c3d)"}, stringData={"other": "•••••• (0a1b2c3d)"})) == []
    assert len(check(secret(data={"key": "••••••"}))) == 1


@pytest.mark.parametrize("value", ["2026-01-31T10:00:00Z", "2024-02-29T10:00:00.123+02:00"])
def test_times_are_read_as_go_reads_them(value: str) -> None:
    assert check({**config_map(), "metadata": {"name": "c", "creationTimestamp": value}}) == []


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            "2026-01-31",
            'parsing time "2026-01-31" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "T"',
        ),
        (
            "yesterday",
            'parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006"',
        ),
        ("2026-13-01T10:00:00Z", 'parsing time "2026-13-01T10:00:00Z": month out of range'),
        ("2026-02-29T10:00:00Z", 'parsing time "2026-02-29T10:00:00Z": day out of range'),
        ("2026-01-01T10:00:00Z!", 'parsing time "2026-01-01T10:00:00Z!": extra text: "!"'),
        (
            5,
            cannot("number", "ObjectMeta.metadata.creationTimestamp", "string"),
        ),
    ],
)
def test_what_is_no_time_is_refused(value: Any, message: str) -> None:
    assert messages({**config_map(), "metadata": {"name": "c", "creationTimestamp": value}}) == [message]


def test_a_lease_counts_microseconds() -> None:
    lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "l"}}
    assert check({**lease, "spec": {"renewTime": "2026-01-31T10:00:00.000000Z"}}) == []
    assert len(check({**lease, "spec": {"renewTime": "2026-01-31T10:00:00Z"}})) == 1


def test_null_is_as_good_as_absent() -> None:
    document = deployment(command=None, env=None, resources={"limits": None})
    document["metadata"]["creationTimestamp"] = None
    document["metadata"]["labels"] = {"empty": None}
    document["spec"]["strategy"] = None
    document["status"] = None
    assert check(document) == []


def test_yaml_writes_whole_numbers_in_many_ways() -> None:
    document = deployment()
    document["spec"]["replicas"] = 2.0
    document["spec"]["revisionHistoryLimit"] = 1e3
    assert check(document) == []


def test_text_or_number_takes_both() -> None:
    assert check(service({"port": 80, "targetPort": "web"}, {"port": 81, "targetPort": 8081})) == []


def test_free_form_parts_are_not_looked_into() -> None:
    revision = {"apiVersion": "apps/v1", "kind": "ControllerRevision", "metadata": {"name": "r"}}
    assert check({**revision, "revision": 1, "data": {"what": ["ever", 1, None]}}) == []
