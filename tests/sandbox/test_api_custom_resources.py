"""Custom resources: served from their definition, pruned, defaulted, judged, shown, and gone with it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox_process import SandboxProcess

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
TABLE = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}
SCHEMA = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "required": ["teeth"],
            "properties": {
                "teeth": {"type": "integer", "minimum": 3, "maximum": 99},
                "color": {"type": "string", "default": "grey", "enum": ["grey", "gold"]},
                "replicas": {"type": "integer"},
                "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                "parts": {
                    "type": "array",
                    "x-kubernetes-list-type": "map",
                    "x-kubernetes-list-map-keys": ["name"],
                    "items": {
                        "type": "object",
                        "required": ["name"],
                        "properties": {"name": {"type": "string"}, "mm": {"type": "number"}},
                    },
                },
            },
        },
        "status": {
            "type": "object",
            "properties": {"phase": {"type": "string"}, "replicas": {"type": "integer"}},
        },
    },
}


def definition(plural: str) -> dict[str, Any]:
    kind = plural.removesuffix("s").capitalize()
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": SCHEMA},
        "subresources": {
            "status": {},
            "scale": {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"},
        },
        "additionalPrinterColumns": [
            {"name": "Teeth", "type": "integer", "jsonPath": ".spec.teeth"},
            {"name": "Phase", "type": "string", "jsonPath": ".status.phase"},
        ],
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.lab.example.com"},
        "spec": {
            "group": "lab.example.com",
            "scope": "Namespaced",
            "names": {"plural": plural, "kind": kind},
            "versions": [version, {**version, "name": "v2", "storage": False}],
        },
    }


class Kind:
    def __init__(self, cluster: SandboxProcess, plural: str) -> None:
        self.cluster, self.plural = cluster, plural
        self.kind = plural.removesuffix("s").capitalize()
        self.path = f"/apis/lab.example.com/v1/namespaces/default/{plural}"

    def body(self, name: str, version: str = "v1", **spec: Any) -> dict[str, Any]:
        api_version = f"lab.example.com/{version}"
        return {"apiVersion": api_version, "kind": self.kind, "metadata": {"name": name}, "spec": spec}

    def serve(self) -> None:
        answer = self.cluster.request("POST", DEFINITIONS, definition(self.plural))
        assert answer.status == 201, answer.body
        end = time.monotonic() + 10
        while self.cluster.request("GET", self.path).status != 200:
            assert time.monotonic() < end


@pytest.fixture
def gears(sandbox_cluster: SandboxProcess) -> Iterator[Kind]:
    made = Kind(sandbox_cluster, "gears")
    made.serve()
    yield made
    path = f"{DEFINITIONS}/gears.lab.example.com"
    sandbox_cluster.request("DELETE", path)
    end = time.monotonic() + 10
    while sandbox_cluster.request("GET", path).status != 404:
        assert time.monotonic() < end


def test_unknown_fields_go_and_defaults_come(gears: Kind) -> None:
    body = gears.body("g", teeth=8, extra=1, free={"any": {"thing": 1}})
    made = gears.cluster.request("POST", gears.path, body)
    assert made.body["spec"] == {"teeth": 8, "color": "grey", "free": {"any": {"thing": 1}}}
    assert made.headers["Warning"] == '299 - "unknown field \\"spec.extra\\""'


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({}, "spec.teeth: Required value"),
        (
            {"teeth": 100},
            "spec.teeth: Invalid value: 100: spec.teeth in body should be less than or equal to 99",
        ),
        (
            {"teeth": "x"},
            'spec.teeth: Invalid value: "string": spec.teeth in body must be of type integer: "string"',
        ),
        (
            {"teeth": 8, "color": "pink"},
            'spec.color: Unsupported value: "pink": supported values: "gold", "grey"',
        ),
        (
            {"teeth": 8, "parts": [{"name": "a"}, {"name": "a"}]},
            'spec.parts[1]: Duplicate value: {"name":"a"}',
        ),
    ],
)
def test_values_against_the_schema_are_refused(gears: Kind, spec: dict[str, Any], words: str) -> None:
    answer = gears.cluster.request("POST", gears.path, gears.body("bad", **spec))
    assert answer.status == 422
    assert words in answer.body["message"]


def test_lists_with_keys_merge_under_apply(gears: Kind) -> None:
    def apply(manager: str, **spec: Any) -> Any:
        path = f"{gears.path}/g?fieldManager={manager}"
        return gears.cluster.request(
            "PATCH", path, gears.body("g", **spec), content_type="application/apply-patch+yaml"
        )

    apply("one", teeth=8, parts=[{"name": "a", "mm": 1}])
    found = apply("two", parts=[{"name": "b", "mm": 2.5}], teeth=8).body["spec"]["parts"]
    assert found == [{"name": "a", "mm": 1}, {"name": "b", "mm": 2.5}]


def test_strategic_merge_is_for_built_in_kinds(gears: Kind) -> None:
    gears.cluster.request("POST", gears.path, gears.body("g", teeth=8))
    kind = "application/strategic-merge-patch+json"
    assert gears.cluster.request("PATCH", f"{gears.path}/g", {}, content_type=kind).status == 415


def test_status_and_scale_are_their_own_endpoints(gears: Kind) -> None:
    gears.cluster.request(
        "POST", gears.path, {**gears.body("g", teeth=8, replicas=2), "status": {"phase": "No"}}
    )
    merge = "application/merge-patch+json"
    item = f"{gears.path}/g"
    assert "status" not in gears.cluster.request("GET", item).body
    gears.cluster.request(
        "PATCH", f"{item}/status", {"status": {"phase": "Up", "replicas": 2}}, content_type=merge
    )
    scale = gears.cluster.request("GET", f"{item}/scale").body
    assert (scale["spec"], scale["status"]) == ({"replicas": 2}, {"replicas": 2})
    gears.cluster.request("PATCH", f"{item}/scale", {"spec": {"replicas": 5}}, content_type=merge)
    found = gears.cluster.request("GET", item).body
    assert (found["spec"]["replicas"], found["status"]["phase"]) == (5, "Up")


def test_columns_come_from_the_definition(gears: Kind) -> None:
    gears.cluster.request("POST", gears.path, gears.body("g", teeth=8))
    table = gears.cluster.request("GET", gears.path, headers=TABLE).body
    assert [each["name"] for each in table["columnDefinitions"]] == ["Name", "Teeth", "Phase"]
    assert table["rows"][0]["cells"] == ["g", 8, None]


def test_every_served_version_shows_the_same_object(gears: Kind) -> None:
    gears.cluster.request("POST", gears.path, gears.body("g", teeth=8))
    second = gears.cluster.request("GET", f"{gears.path.replace('/v1/', '/v2/')}/g").body
    assert (second["apiVersion"], second["spec"]["teeth"]) == ("lab.example.com/v2", 8)


def test_discovery_and_openapi_follow(gears: Kind) -> None:
    listed = gears.cluster.request("GET", "/apis/lab.example.com/v1").body["resources"]
    assert [each["name"] for each in listed] == ["gears", "gears/scale", "gears/status"]
    document = gears.cluster.request("GET", "/openapi/v3/apis/lab.example.com/v1").body
    gear = document["components"]["schemas"]["com.example.lab.v1.Gear"]
    assert gear["properties"]["spec"]["properties"]["teeth"]["maximum"] == 99


def test_objects_go_with_their_definition(sandbox_cluster: SandboxProcess) -> None:
    wheels = Kind(sandbox_cluster, "wheels")
    wheels.serve()
    sandbox_cluster.request("POST", wheels.path, wheels.body("w", teeth=8))
    sandbox_cluster.request("DELETE", f"{DEFINITIONS}/wheels.lab.example.com")
    end = time.monotonic() + 10
    while sandbox_cluster.request("GET", wheels.path).status != 404:
        assert time.monotonic() < end
    wheels.serve()
    assert sandbox_cluster.request("GET", wheels.path).body["items"] == []
    sandbox_cluster.request("DELETE", f"{DEFINITIONS}/wheels.lab.example.com")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"metadata": {"name": "other.lab.example.com"}}, "metadata.name: Invalid value"),
        ({"versions": []}, "must have exactly one version marked as storage version"),
        ({"scope": "Everywhere"}, 'spec.scope: Unsupported value: "Everywhere"'),
    ],
)
def test_definition_that_cannot_be_is_refused(
    sandbox_cluster: SandboxProcess, change: dict[str, Any], words: str
) -> None:
    body = definition("springs")
    if "metadata" in change:
        body["metadata"] = change["metadata"]
    else:
        body["spec"] |= change
    answer = sandbox_cluster.request("POST", DEFINITIONS, body)
    assert answer.status == 422
    assert words in answer.body["message"]


def test_discovery_answers_that_nothing_has_changed(sandbox_cluster: SandboxProcess) -> None:
    accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
    first = sandbox_cluster.request("GET", "/apis", headers={"Accept": accept})
    again = sandbox_cluster.request(
        "GET", "/apis", headers={"Accept": accept, "If-None-Match": first.headers["ETag"]}
    )
    assert again.status == 304
    index = sandbox_cluster.request("GET", "/openapi/v3").body["paths"]
    url = index["apis/apps/v1"]["serverRelativeURL"]
    document = sandbox_cluster.request("GET", url)
    assert "immutable" in document.headers["Cache-Control"]
    again = sandbox_cluster.request("GET", url, headers={"If-None-Match": document.headers["ETag"]})
    assert again.status == 304
