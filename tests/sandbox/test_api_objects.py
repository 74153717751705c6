"""Objects over HTTP: concurrency, dry run, deletion, options and forms that the recording does not cover."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox_process import Answer, SandboxProcess

CORE = "/api/v1/namespaces"


class Space:
    """One namespace of the shared cluster."""

    def __init__(self, cluster: SandboxProcess) -> None:
        self.cluster = cluster
        self.name = f"objects-{uuid.uuid4().hex[:8]}"
        self.maps = f"{CORE}/{self.name}/configmaps"
        self.deployments = f"/apis/apps/v1/namespaces/{self.name}/deployments"
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.name}}
        assert cluster.request("POST", CORE, body).status == 201

    def config_map(self, name: str, **more: Any) -> Answer:
        metadata = {"name": name, **more.pop("metadata", {})}
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"k": "v"}, **more}
        return self.cluster.request("POST", self.maps, body)

    def get(self, name: str) -> Answer:
        return self.cluster.request("GET", f"{self.maps}/{name}")


@pytest.fixture
def space(sandbox_cluster: SandboxProcess) -> Iterator[Space]:
    made = Space(sandbox_cluster)
    yield made
    sandbox_cluster.request("DELETE", f"{CORE}/{made.name}")


def test_of_two_writers_with_the_same_version_one_loses(space: Space) -> None:
    seen = space.config_map("one").body
    first = space.cluster.request("PUT", f"{space.maps}/one", {**seen, "data": {"k": "first"}})
    second = space.cluster.request("PUT", f"{space.maps}/one", {**seen, "data": {"k": "second"}})
    assert (first.status, second.status) == (200, 409)
    assert second.body["reason"] == "Conflict"
    assert space.get("one").body["data"] == {"k": "first"}


def test_update_that_changes_nothing_keeps_the_version(space: Space) -> None:
    seen = space.config_map("one").body
    again = space.cluster.request("PUT", f"{space.maps}/one", seen)
    assert again.body["metadata"]["resourceVersion"] == seen["metadata"]["resourceVersion"]


def test_dry_run_of_every_verb_leaves_no_trace(space: Space) -> None:
    before = space.config_map("one").body
    item = f"{space.maps}/one?dryRun=All"
    changed = {**before, "data": {"k": "other"}}
    assert space.cluster.request("PUT", item, changed).body["data"] == {"k": "other"}
    patch = space.cluster.request(
        "PATCH", item, {"data": {"n": "1"}}, content_type="application/merge-patch+json"
    )
    assert patch.body["data"] == {"k": "v", "n": "1"}
    assert space.cluster.request("DELETE", item).status == 200
    assert space.get("one").body == before


def test_finalizer_holds_an_object_until_it_is_taken_off(space: Space) -> None:
    space.config_map("held", metadata={"finalizers": ["example.com/hold"]})
    marked = space.cluster.request("DELETE", f"{space.maps}/held").body
    assert marked["metadata"]["deletionTimestamp"]
    assert space.get("held").status == 200
    patch = {"metadata": {"finalizers": None}}
    space.cluster.request("PATCH", f"{space.maps}/held", patch, content_type="application/merge-patch+json")
    assert space.get("held").status == 404


def test_finalizers_cannot_be_added_to_what_is_being_deleted(space: Space) -> None:
    space.config_map("held", metadata={"finalizers": ["example.com/hold"]})
    space.cluster.request("DELETE", f"{space.maps}/held")
    patch = {"metadata": {"finalizers": ["example.com/hold", "example.com/more"]}}
    path = f"{space.maps}/held"
    answer = space.cluster.request("PATCH", path, patch, content_type="application/merge-patch+json")
    assert answer.status == 422
    assert "no new finalizers can be added if the object is being deleted" in answer.body["message"]


def test_status_is_written_through_its_subresource_only(space: Space) -> None:
    selector = {"matchLabels": {"app": "web"}}
    template = {
        "metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [{"name": "a", "image": "x:1"}]},
    }
    body = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {"replicas": 0, "selector": selector, "template": template, "paused": True},
        "status": {"replicas": 99},
    }
    created = space.cluster.request("POST", space.deployments, body).body
    assert created["status"] == {}
    path = f"{space.deployments}/web"
    merge = "application/merge-patch+json"
    answer = space.cluster.request("PATCH", path, {"status": {"collisionCount": 7}}, content_type=merge)
    assert "collisionCount" not in answer.body["status"]
    status = {"status": {"collisionCount": 7}, "spec": {"replicas": 5}}
    answer = space.cluster.request("PATCH", f"{path}/status", status, content_type=merge)
    assert answer.body["status"]["collisionCount"] == 7
    assert answer.body["spec"]["replicas"] == 0


def test_immutable_config_map_says_so(space: Space) -> None:
    space.config_map("frozen", immutable=True)
    answer = space.cluster.request(
        "PATCH", f"{space.maps}/frozen", {"data": {"k": "w"}}, content_type="application/merge-patch+json"
    )
    assert answer.status == 422
    assert "field is immutable when `immutable` is set" in answer.body["message"]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("?dryRun=Some", 'dryRun: Unsupported value: ["Some"]: supported values: "All"'),
        ("?fieldValidation=Maybe", "fieldValidation: Unsupported value"),
        (f"?fieldManager={'m' * 129}", "may not be more than 128 bytes"),
    ],
)
def test_options_that_are_none_are_refused(space: Space, query: str, words: str) -> None:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}
    answer = space.cluster.request("POST", space.maps + query, body)
    assert answer.status == 422
    assert words in answer.body["message"]


def test_field_named_twice_is_an_error_only_in_strict_validation(space: Space) -> None:
    text = (
        '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"twice"},"data":{"a":"1"},"data":{"a":"2"}}'
    )
    strict = space.cluster.request("POST", f"{space.maps}?fieldValidation=Strict", text.encode())
    assert strict.status == 400
    assert strict.body["message"].endswith('strict decoding error: duplicate field "data"')
    warned = space.cluster.request("POST", space.maps, text.encode())
    assert warned.headers["Warning"] == '299 - "duplicate field \\"data\\""'
    assert warned.body["data"] == {"a": "2"}


def test_yaml_bodies_and_yaml_answers(space: Space) -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: fromyaml}\ndata: {day: 2026-01-01x}\n"
    answer = space.cluster.request("POST", space.maps, text.encode(), content_type="application/yaml")
    assert answer.body["data"] == {"day": "2026-01-01x"}
    shown = space.cluster.request("GET", f"{space.maps}/fromyaml", headers={"Accept": "application/yaml"})
    assert "kind: ConfigMap" in shown.body
    assert shown.headers["Content-Type"] == "application/yaml"


def test_form_that_nobody_offers_is_not_acceptable(space: Space) -> None:
    answer = space.cluster.request("GET", space.maps, headers={"Accept": "text/html"})
    assert answer.status == 406


def test_body_beyond_three_mebibytes_is_refused(space: Space) -> None:
    body = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "big"},
        "data": {"k": "x" * 3_200_000},
    }
    answer = space.cluster.request("POST", space.maps, body)
    assert answer.status == 413
    assert answer.body["reason"] == "RequestEntityTooLarge"


def test_body_nested_beyond_measure_is_refused(space: Space) -> None:
    deep = '{"a":' * 5000 + "1" + "}" * 5000
    answer = space.cluster.request("POST", space.maps, deep.encode())
    assert answer.status == 400


def test_what_is_not_simulated_is_a_501_that_says_so(space: Space) -> None:
    answer = space.cluster.request("POST", f"{CORE}/{space.name}/pods/p/exec?command=ls")
    assert (answer.status, answer.body["reason"]) == (501, "NotImplemented")
    assert "pods/exec" in answer.body["message"]


def test_secret_in_protobuf_is_read(space: Space) -> None:
    def field(number: int, raw: bytes) -> bytes:
        return bytes([number << 3 | 2, len(raw)]) + raw

    metadata = field(1, b"release") + field(11, field(1, b"owner") + field(2, b"helm"))
    secret = (
        field(1, metadata)
        + field(2, field(1, b"release") + field(2, b"\x00\x01"))
        + field(3, b"helm.sh/release.v1")
    )
    envelope = field(1, field(1, b"v1") + field(2, b"Secret")) + field(2, secret)
    answer = space.cluster.request(
        "POST",
        f"{CORE}/{space.name}/secrets",
        b"k8s\x00" + envelope,
        content_type="application/vnd.kubernetes.protobuf",
    )
    assert answer.status == 201
    assert answer.body["data"] == {"release": "AAE="}
    assert answer.body["metadata"]["labels"] == {"owner": "helm"}
    assert answer.body["type"] == "helm.sh/release.v1"


def test_same_autoscaler_is_read_in_both_its_versions(space: Space) -> None:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    spec = {"scaleTargetRef": target, "maxReplicas": 3, "targetCPUUtilizationPercentage": 70}
    body = {
        "apiVersion": "autoscaling/v1",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "h"},
        "spec": spec,
    }
    path = f"namespaces/{space.name}/horizontalpodautoscalers"
    assert (
        space.cluster.request("POST", f"/apis/autoscaling/v1/{path}", body).body["apiVersion"]
        == "autoscaling/v1"
    )
    second = space.cluster.request("GET", f"/apis/autoscaling/v2/{path}/h").body
    metric = second["spec"]["metrics"][0]["resource"]
    assert metric == {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}
    first = space.cluster.request("GET", f"/apis/autoscaling/v1/{path}/h").body
    assert first["spec"]["targetCPUUtilizationPercentage"] == 70
    assert json.dumps(first).count("metrics") == 0


def test_requests_without_a_token_see_only_what_is_public(sandbox_cluster: SandboxProcess) -> None:
    connection = sandbox_cluster.connect()
    for path, status in (
        ("/readyz", 200),
        ("/version", 200),
        ("/api/v1/namespaces", 403),
        ("/openapi/v3", 403),
    ):
        connection.request("GET", path)
        response = connection.getresponse()
        response.read()
        assert response.status == status, path
    connection.close()
