"""The form of built-in objects: what a Kubernetes 1.36 API server would refuse, in its own words."""

from __future__ import annotations

import json
from typing import Any

import pytest

from portal.policy.schema import applies_to, check, explained
from tests.policy.forms import cannot, definition, messages, paths, pod
from tests.policy.scenes import DATA, config_map, deployment

EXCHANGES = json.loads((DATA / "api-exchanges.json").read_text())
CREATED = [
    exchange
    for exchange in EXCHANGES
    if exchange["request"]["method"] == "POST"
    and exchange["response"]["status"] == 201
    and applies_to(exchange["request"].get("body") or {})
]
REFUSED = {"deploy-unknown-field-strict", "deploy-wrong-type"}


@pytest.mark.parametrize(
    "exchange", [e for e in EXCHANGES if e["step"] in REFUSED], ids=lambda exchange: exchange["step"]
)
def test_what_a_real_server_refused_is_refused_to_the_letter(exchange: Any) -> None:
    document = exchange["request"]["body"]
    assert explained(document, check(document)) == exchange["response"]["body"]["message"]


@pytest.mark.parametrize("exchange", CREATED, ids=lambda exchange: exchange["step"])
def test_what_a_real_server_created_is_as_clean_as_it_said(exchange: Any) -> None:
    said = messages(exchange["request"]["body"])
    warning = exchange["response"]["warning"]
    assert [f"299 - {json.dumps(message)}" for message in said] == ([warning] if warning else [])


def test_all_problems_are_told_at_once_and_by_whom() -> None:
    document = deployment(imagePullPolicyy="Always", env=[{"name": "A", "value": 1}, {"name": "A"}])
    document["spec"]["replica"] = 2
    document["spec"]["template"]["spec"]["volumes"] = [{"emptyDir": {}}]
    inside = "spec.template.spec.containers"
    lead = 'Deployment in version "v1" cannot be handled as a Deployment'
    assert explained(document, check(document)) == "; ".join(
        [
            f"{lead}: {cannot('number', f'EnvVar.{inside}.env.value', 'string')} ({inside}[0].env[0].value)",
            f'{lead}: strict decoding error: unknown field "{inside}[0].imagePullPolicyy"',
            'unknown field "spec.replica"',
            f'failed to create typed patch object: .{inside}[name="web"].env: '
            'duplicate entries for key [name="A"]',
            "Deployment is invalid: spec.template.spec.volumes[0].name: Required value",
        ]
    )


def test_items_that_share_a_key_are_refused_by_server_side_apply() -> None:
    ports = [{"containerPort": 53, "protocol": "UDP"}, {"containerPort": 53}]
    assert check(pod({"ports": ports})) == []
    assert messages(pod({"ports": [*ports, {"containerPort": 53, "protocol": "TCP", "name": "dns"}]})) == [
        '.spec.containers[name="web"].ports: duplicate entries for key [containerPort=53,protocol="TCP"]'
    ]


def test_values_that_must_differ_are_named() -> None:
    document = {**config_map(), "metadata": {"name": "c", "finalizers": ["a/b", "a/b"]}}
    assert messages(document) == ['.metadata.finalizers: duplicate entries for key [="a/b"]']


def test_equal_items_of_a_plain_list_are_fine() -> None:
    assert check(pod({"args": ["-v", "-v"]})) == []


@pytest.mark.parametrize(
    ("document", "missing"),
    [
        ({"apiVersion": "apps/v1", "kind": "Deployment"}, ["spec.selector", "spec.template.spec.containers"]),
        (
            {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"image": "a"}]}},
            ["spec.containers[0].name"],
        ),
        ({"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [None]}}, ["spec.containers[0].name"]),
        (
            {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "spec": {"maxReplicas": 3}},
            ["spec.scaleTargetRef.kind", "spec.scaleTargetRef.name"],
        ),
        (
            {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding"},
            ["roleRef.kind", "roleRef.name"],
        ),
    ],
)
def test_what_must_be_there_is_named_down_to_the_field(document: Any, missing: list[str]) -> None:
    assert messages(document) == [f"{path}: Required value" for path in missing]


@pytest.mark.parametrize(
    "document",
    [
        {"apiVersion": "v1", "kind": "LimitRange", "spec": {}},
        {"apiVersion": "storage.k8s.io/v1", "kind": "CSIDriver"},
        pod({"livenessProbe": {"httpGet": {"port": 80, "httpHeaders": [{"name": "X-Empty"}]}}}),
        {**deployment(), "status": {"conditions": [{"status": "True"}, {"status": "True"}]}},
    ],
)
def test_what_the_server_does_without_is_not_asked_for(document: Any) -> None:
    assert check(document) == []


def test_types_are_checked_in_the_status_as_well() -> None:
    assert paths({**deployment(), "status": {"replicas": "1", "ready": 1}}) == [
        "status.replicas",
        "status.ready",
    ]


@pytest.mark.parametrize(
    ("api_version", "kind"),
    [
        ("apps/v1beta1", "Deployment"),
        ("v1", "Deployment"),
        ("extensions/v1beta1", "Ingress"),
        ("policy/v1beta1", "PodDisruptionBudget"),
        ("v1", "deployment"),
        ("autoscaling/v1", "Scale"),
        ("v1", "DeleteOptions"),
        ("nonsense/v1", "ConfigMap"),
    ],
)
def test_a_kind_that_no_server_has_is_told_as_kubectl_would(api_version: str, kind: str) -> None:
    document = {"apiVersion": api_version, "kind": kind, "metadata": {"name": "x"}, "spec": {"any": "thing"}}
    assert messages(document) == [f'no matches for kind "{kind}" in version "{api_version}"']


@pytest.mark.parametrize(
    "api_version", ["example.com/v1", "gateway.networking.k8s.io/v1", "snapshot.storage.k8s.io/v1"]
)
def test_nothing_is_said_of_kinds_that_do_not_come_with_kubernetes(api_version: str) -> None:
    assert check({"apiVersion": api_version, "kind": "Thing", "replicas": "many"}) == []


def test_schemas_in_definitions_are_read_as_far_as_the_server_is_strict() -> None:
    inside = "spec.versions[0].schema.openAPIV3Schema"
    fields = {"a": {"type": "string", "default": {"any": 1}}, "b": {"tipe": "string"}}
    assert paths(definition({"type": "object", "properties": fields})) == [f"{inside}.properties.b.tipe"]
    assert (
        check(definition({"additionalProperties": {"tipe": "string"}, "items": [{"type": "string"}]})) == []
    )
    assert paths(definition({"items": {"minimum": "one"}})) == [f"{inside}.items.minimum"]
    assert messages(definition({"additionalProperties": "yes"})) == ["boolean or JSON schema expected"]
