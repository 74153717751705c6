"""What the API server fills in, against what it recorded and what its source says."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from portal.policy import apply_defaults
from tests.policy.scenes import DATA, deployment, pod_spec

ADMITTED = [
    case
    for case in json.loads((DATA / "admission-verdicts.json").read_text())
    if "admittedObject" in case["request"]
]


@pytest.mark.parametrize("case", ADMITTED, ids=lambda case: case["name"])
def test_defaults_are_those_of_the_recorded_object(case: dict[str, Any]) -> None:
    assert apply_defaults(case["request"]["object"]) == case["request"]["admittedObject"]


def test_the_document_itself_is_left_alone() -> None:
    document = deployment()
    before = copy.deepcopy(document)
    apply_defaults(document)
    assert document == before


def test_defaulting_twice_changes_nothing() -> None:
    once = apply_defaults(deployment(livenessProbe={"httpGet": {"port": 80}}))
    assert apply_defaults(once) == once


def _spec(kind: str, api_version: str = "v1", **spec: Any) -> dict[str, Any]:
    document = {"apiVersion": api_version, "kind": kind, "metadata": {"name": "x"}, "spec": spec}
    return apply_defaults(document)["spec"]


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("nginx", "Always"),
        ("nginx:latest", "Always"),
        ("nginx:1.27", "IfNotPresent"),
        ("registry.example.com:5000/nginx", "Always"),
        ("registry.example.com:5000/nginx:1", "IfNotPresent"),
        ("nginx@sha256:" + "0" * 64, "IfNotPresent"),
        ("nginx:1@sha256:" + "0" * 64, "IfNotPresent"),
        ("nginx:latest@sha256:" + "0" * 64, "Always"),
    ],
)
def test_images_are_pulled_always_only_when_latest(image: str, expected: str) -> None:
    spec = _spec("Pod", containers=[{"name": "a", "image": image}])
    assert spec["containers"][0]["imagePullPolicy"] == expected


def test_probes_volumes_and_ports_are_completed() -> None:
    spec = _spec(
        "Pod",
        containers=[
            {
                "name": "a",
                "image": "a:1",
                "ports": [{"containerPort": 80}],
                "readinessProbe": {"httpGet": {"port": 80}, "periodSeconds": 5},
            }
        ],
        volumes=[{"name": "a"}, {"name": "b", "secret": {"secretName": "s"}}],
    )
    container = spec["containers"][0]
    assert container["ports"] == [{"containerPort": 80, "protocol": "TCP"}]
    assert container["readinessProbe"] == {
        "httpGet": {"port": 80, "path": "/", "scheme": "HTTP"},
        "periodSeconds": 5,
        "timeoutSeconds": 1,
        "successThreshold": 1,
        "failureThreshold": 3,
    }
    assert spec["volumes"] == [
        {"name": "a", "emptyDir": {}},
        {"name": "b", "secret": {"secretName": "s", "defaultMode": 420}},
    ]


def test_limits_become_requests_in_pods_but_not_in_templates() -> None:
    limited = {"resources": {"limits": {"cpu": "1000m"}}}
    pod = _spec("Pod", **pod_spec(**limited))
    assert pod["containers"][0]["resources"] == {"limits": {"cpu": "1"}, "requests": {"cpu": "1"}}
    template = apply_defaults(deployment(**limited))["spec"]["template"]["spec"]
    assert template["containers"][0]["resources"] == {"limits": {"cpu": "1"}}


def test_each_workload_kind_has_its_own_defaults() -> None:
    template = {"template": {"spec": pod_spec()}}
    stateful = _spec("StatefulSet", "apps/v1", **template, volumeClaimTemplates=[{"metadata": {"name": "d"}}])
    assert stateful["updateStrategy"] == {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}
    assert stateful["volumeClaimTemplates"][0]["spec"]["volumeMode"] == "Filesystem"
    daemon = _spec("DaemonSet", "apps/v1", **template)
    assert daemon["updateStrategy"]["rollingUpdate"] == {"maxUnavailable": 1, "maxSurge": 0}
    job = _spec("Job", "batch/v1", **template)
    assert (job["completions"], job["parallelism"], job["backoffLimit"]) == (1, 1, 6)
    cron = _spec("CronJob", "batch/v1", schedule="@daily", jobTemplate={"spec": template})
    assert cron["concurrencyPolicy"] == "Allow"
    assert "backoffLimit" not in cron["jobTemplate"]["spec"]
    assert cron["jobTemplate"]["spec"]["template"]["spec"]["dnsPolicy"] == "ClusterFirst"


def test_services_autoscalers_and_network_policies_are_completed() -> None:
    balanced = _spec("Service", type="LoadBalancer", ports=[{"port": 80}])
    assert balanced["externalTrafficPolicy"] == "Cluster"
    assert balanced["ports"] == [{"port": 80, "protocol": "TCP", "targetPort": 80}]
    assert _spec("Service", clusterIP="None", selector={"a": "b"})["clusterIPs"] == ["None"]
    assert "ipFamilies" not in _spec("Service", type="ExternalName", externalName="example.com")
    scaler = _spec("HorizontalPodAutoscaler", "autoscaling/v2", maxReplicas=3)
    assert scaler["minReplicas"] == 1
    assert scaler["metrics"][0]["resource"]["target"]["averageUtilization"] == 80
    closed = _spec("NetworkPolicy", "networking.k8s.io/v1", egress=[{"ports": [{"port": 53}]}])
    assert closed["policyTypes"] == ["Ingress", "Egress"]
    assert closed["egress"][0]["ports"] == [{"port": 53, "protocol": "TCP"}]


def test_secrets_namespaces_and_bindings_are_completed() -> None:
    secret = apply_defaults(
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"p": "hunter2"}}
    )
    assert (secret["type"], secret["data"]) == ("Opaque", {"p": "aHVudGVyMg=="})
    assert "stringData" not in secret
    space = apply_defaults({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
    assert space["metadata"]["labels"] == {"kubernetes.io/metadata.name": "shop"}
    assert space["spec"] == {"finalizers": ["kubernetes"]}
    group = "rbac.authorization.k8s.io"
    bound = apply_defaults(
        {
            "apiVersion": f"{group}/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "b"},
            "roleRef": {"kind": "Role", "name": "r"},
            "subjects": [{"kind": "User", "name": "u"}, {"kind": "ServiceAccount", "name": "s"}],
        }
    )
    assert bound["roleRef"]["apiGroup"] == group
    assert [subject.get("apiGroup") for subject in bound["subjects"]] == [group, None]


def test_a_role_without_rules_says_so() -> None:
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "r"}}
    assert apply_defaults(role)["rules"] is None
    assert apply_defaults({**role, "rules": []})["rules"] == []


def test_what_go_would_not_write_back_is_gone() -> None:
    spec = _spec("Pod", **pod_spec(env=[], command=None), hostNetwork=False, nodeSelector={}, nodeName="")
    assert not {"hostNetwork", "nodeSelector", "nodeName"} & set(spec)
    assert not {"env", "command"} & set(spec["containers"][0])


def test_custom_resources_are_not_touched() -> None:
    widget = {"apiVersion": "lab.example.com/v1", "kind": "Widget", "spec": {"a": None, "b": [], "c": ""}}
    assert apply_defaults(widget) == widget


@pytest.mark.parametrize(
    "broken",
    [
        {"spec": "text"},
        {"spec": {"template": []}},
        {"spec": {"template": {"spec": {"containers": {"a": 1}}}}},
        {"spec": {"template": {"spec": {"containers": ["a"], "volumes": "b"}}}},
        {},
    ],
)
def test_malformed_workloads_are_left_for_the_schema_to_refuse(broken: dict[str, Any]) -> None:
    assert apply_defaults({"apiVersion": "apps/v1", "kind": "Deployment", **broken})["kind"] == "Deployment"
