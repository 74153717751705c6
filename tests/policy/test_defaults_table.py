"""What the API server fills in and leaves out, kind by kind: one row each, as its source has it."""

from __future__ import annotations

from typing import Any

import pytest

from portal.policy import apply_defaults
from tests.policy.scenes import pod_spec

TEMPLATE = {"template": {"metadata": {"labels": {"app": "web"}}, "spec": pod_spec()}}
ABSENT = object()


def _at(value: Any, path: str) -> Any:
    """The value at a path such as `spec.ports.0.protocol`; ABSENT where there is none."""
    for step in path.split("."):
        if isinstance(value, list):
            value = value[int(step)] if int(step) < len(value) else ABSENT
        else:
            value = value.get(step, ABSENT) if isinstance(value, dict) else ABSENT
    return value


def _read(api_version: str, kind: str, **parts: Any) -> dict[str, Any]:
    return apply_defaults({"apiVersion": api_version, "kind": kind, "metadata": {"name": "x"}, **parts})


FILLED_IN = [
    # Pods
    ("v1", "Pod", {"spec": pod_spec()}, "spec.enableServiceLinks", True),
    ("v1", "Pod", {"spec": pod_spec()}, "spec.tolerations.1.tolerationSeconds", 300),
    ("v1", "Pod", {"spec": pod_spec()}, "spec.containers.0.resources", {}),
    ("v1", "Pod", {"spec": {**pod_spec(), "serviceAccount": "a"}}, "spec.serviceAccountName", "a"),
    (
        "v1",
        "Pod",
        {"spec": pod_spec(env=[{"name": "N", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}])},
        "spec.containers.0.env.0.valueFrom.fieldRef.apiVersion",
        "v1",
    ),
    (
        "v1",
        "Pod",
        {
            "spec": pod_spec(
                env=[{"name": "C", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}}]
            )
        },
        "spec.containers.0.env.0.valueFrom.resourceFieldRef.divisor",
        "0",
    ),
    (
        "v1",
        "Pod",
        {"spec": pod_spec(startupProbe={"grpc": {"port": 9}})},
        "spec.containers.0.startupProbe.grpc.service",
        "",
    ),
    (
        "v1",
        "Pod",
        {"spec": {**pod_spec(ports=[{"containerPort": 80}]), "hostNetwork": True}},
        "spec.containers.0.ports.0.hostPort",
        80,
    ),
    (
        "v1",
        "Pod",
        {"spec": {**pod_spec(), "volumes": [{"name": "v", "azureDisk": {"diskName": "d", "diskURI": "u"}}]}},
        "spec.volumes.0.azureDisk.cachingMode",
        "ReadWrite",
    ),
    (
        "v1",
        "Pod",
        {"spec": {**pod_spec(), "volumes": [{"name": "v", "image": {"reference": "a:1"}}]}},
        "spec.volumes.0.image.pullPolicy",
        "IfNotPresent",
    ),
    # workloads
    ("v1", "ReplicationController", {"spec": TEMPLATE}, "spec.selector", {"app": "web"}),
    ("v1", "ReplicationController", {"spec": TEMPLATE}, "metadata.labels", {"app": "web"}),
    ("batch/v1", "Job", {"spec": TEMPLATE}, "metadata.labels", {"app": "web"}),
    ("batch/v1", "Job", {"spec": TEMPLATE}, "spec.manualSelector", False),
    ("batch/v1", "Job", {"spec": TEMPLATE}, "spec.podReplacementPolicy", "TerminatingOrFailed"),
    (
        "batch/v1",
        "Job",
        {
            "spec": {
                **TEMPLATE,
                "podFailurePolicy": {"rules": [{"action": "Ignore", "onPodConditions": [{}]}]},
            }
        },
        "spec.podFailurePolicy.rules.0.onPodConditions.0.status",
        "True",
    ),
    (
        "apps/v1",
        "StatefulSet",
        {"spec": {**TEMPLATE, "volumeClaimTemplates": [{}]}},
        "spec.volumeClaimTemplates.0.status",
        {"phase": "Pending"},
    ),
    ("apps/v1", "StatefulSet", {"spec": TEMPLATE}, "spec.serviceName", ""),
    ("autoscaling/v1", "HorizontalPodAutoscaler", {"spec": {}}, "spec.targetCPUUtilizationPercentage", 80),
    (
        "autoscaling/v2",
        "HorizontalPodAutoscaler",
        {"spec": {"behavior": {"scaleDown": {"stabilizationWindowSeconds": 5}}}},
        "spec.behavior.scaleUp.policies.0.value",
        4,
    ),
    # network
    (
        "v1",
        "Service",
        {"spec": {"externalIPs": ["192.0.2.1"]}},
        "spec.externalTrafficPolicy",
        "Cluster",
    ),
    (
        "v1",
        "Service",
        {"spec": {"sessionAffinity": "ClientIP"}},
        "spec.sessionAffinityConfig.clientIP.timeoutSeconds",
        10800,
    ),
    ("v1", "Endpoints", {"subsets": [{"ports": [{"port": 1}]}]}, "subsets.0.ports.0.protocol", "TCP"),
    ("discovery.k8s.io/v1", "EndpointSlice", {"ports": [{"port": 1}]}, "ports.0.name", ""),
    (
        "networking.k8s.io/v1",
        "IngressClass",
        {"spec": {"parameters": {"kind": "P", "name": "p"}}},
        "spec.parameters.scope",
        "Cluster",
    ),
    # storage, scheduling, devices
    ("v1", "PersistentVolume", {"spec": {"hostPath": {"path": "/d"}}}, "spec.hostPath.type", ""),
    ("storage.k8s.io/v1", "CSIDriver", {"spec": {}}, "spec.volumeLifecycleModes", ["Persistent"]),
    ("scheduling.k8s.io/v1", "PriorityClass", {"value": 1}, "preemptionPolicy", "PreemptLowerPriority"),
    (
        "resource.k8s.io/v1",
        "ResourceClaim",
        {"spec": {"devices": {"requests": [{"name": "gpu", "exactly": {"deviceClassName": "gpu"}}]}}},
        "spec.devices.requests.0.exactly.count",
        1,
    ),
    # admission
    (
        "admissionregistration.k8s.io/v1",
        "MutatingWebhookConfiguration",
        {"webhooks": [{"name": "w"}]},
        "webhooks.0.reinvocationPolicy",
        "Never",
    ),
    (
        "admissionregistration.k8s.io/v1",
        "ValidatingWebhookConfiguration",
        {"webhooks": [{"clientConfig": {"service": {"name": "s"}}}]},
        "webhooks.0.clientConfig.service.port",
        443,
    ),
    (
        "admissionregistration.k8s.io/v1",
        "ValidatingAdmissionPolicyBinding",
        {"spec": {"matchResources": {"resourceRules": [{}]}}},
        "spec.matchResources.resourceRules.0.scope",
        "*",
    ),
]


@pytest.mark.parametrize(("api_version", "kind", "parts", "path", "expected"), FILLED_IN)
def test_the_server_fills_this_in(
    api_version: str, kind: str, parts: dict[str, Any], path: str, expected: Any
) -> None:
    assert _at(_read(api_version, kind, **parts), path) == expected


LEFT_OUT = [
    (
        "v1",
        "Pod",
        {"spec": pod_spec(ports=[{"containerPort": 1, "hostPort": 0}])},
        "spec.containers.0.ports.0.hostPort",
    ),
    ("v1", "Pod", {"spec": {**pod_spec(), "hostPID": False}}, "spec.hostPID"),
    ("v1", "Pod", {"spec": {**pod_spec(), "madeUp": 1}}, "spec.madeUp"),
    (
        "v1",
        "Pod",
        {"spec": pod_spec(readinessProbe={"initialDelaySeconds": 0})},
        "spec.containers.0.readinessProbe.initialDelaySeconds",
    ),
    ("apps/v1", "Deployment", {"spec": {**TEMPLATE, "paused": False}}, "spec.paused"),
    ("apps/v1", "Deployment", {"spec": {**TEMPLATE, "minReadySeconds": 0}}, "spec.minReadySeconds"),
    (
        "apps/v1",
        "StatefulSet",
        {"spec": {**TEMPLATE, "updateStrategy": {"type": "OnDelete"}}},
        "spec.updateStrategy.rollingUpdate",
    ),
    ("v1", "ConfigMap", {"data": {}}, "data"),
    ("v1", "Service", {"spec": {"sessionAffinityConfig": {"clientIP": {}}}}, "spec.sessionAffinityConfig"),
    ("scheduling.k8s.io/v1", "PriorityClass", {"value": 1, "globalDefault": False}, "globalDefault"),
]


@pytest.mark.parametrize(("api_version", "kind", "parts", "path"), LEFT_OUT)
def test_the_server_does_not_keep_this(api_version: str, kind: str, parts: dict[str, Any], path: str) -> None:
    assert _at(_read(api_version, kind, **parts), path) is ABSENT


KEPT = [
    (
        "v1",
        "Pod",
        {"spec": {**pod_spec(), "shareProcessNamespace": False}},
        "spec.shareProcessNamespace",
        False,
    ),
    (
        "v1",
        "Pod",
        {"spec": {**pod_spec(), "securityContext": {"runAsUser": 0}}},
        "spec.securityContext.runAsUser",
        0,
    ),
    ("v1", "Pod", {"spec": {}}, "spec.containers", None),
    ("v1", "PersistentVolumeClaim", {"spec": {"storageClassName": ""}}, "spec.storageClassName", ""),
    ("networking.k8s.io/v1", "NetworkPolicy", {"spec": {}}, "spec.podSelector", {}),
    ("rbac.authorization.k8s.io/v1", "ClusterRole", {}, "rules", None),
    ("v1", "Secret", {"data": {"a": "YQ=="}}, "data.a", "YQ=="),
    ("v1", "Service", {"spec": {"ports": [{"port": 80}]}}, "spec.ports.0.targetPort", 80),
]


@pytest.mark.parametrize(("api_version", "kind", "parts", "path", "expected"), KEPT)
def test_the_server_keeps_what_is_empty_but_said(
    api_version: str, kind: str, parts: dict[str, Any], path: str, expected: Any
) -> None:
    assert _at(_read(api_version, kind, **parts), path) == expected


@pytest.mark.parametrize(
    ("amount", "written"),
    [("1000m", "1"), ("0.5", "500m"), (1, "1"), ("1.0001", "1001m"), ("1024Mi", "1Gi"), ("1e3", "1e3")],
)
def test_amounts_of_resources_are_spelt_as_the_server_spells_them(amount: Any, written: str) -> None:
    pod = _read("v1", "Pod", spec=pod_spec(resources={"limits": {"cpu": amount}}))
    assert pod["spec"]["containers"][0]["resources"]["limits"] == {"cpu": written}


def test_a_pod_asks_as_a_whole_for_what_its_containers_ask_for_together() -> None:
    side = {"name": "side", "image": "a:1", "restartPolicy": "Always"}
    spec = {
        "resources": {"limits": {"cpu": "4", "memory": "1Gi"}},
        "initContainers": [
            {**side, "resources": {"requests": {"cpu": "100m"}}},
            {"name": "first", "image": "a:1", "resources": {"requests": {"cpu": "2"}}},
        ],
        "containers": [{"name": "a", "image": "a:1", "resources": {"requests": {"cpu": "500m"}}}],
    }
    assert _read("v1", "Pod", spec=spec)["spec"]["resources"]["requests"] == {"cpu": "2100m", "memory": "1Gi"}


@pytest.mark.parametrize("image", ["", "a/B", "a:b:c", "$IMAGE", "http://a/b"])
def test_what_is_no_name_of_an_image_is_not_pulled_as_latest(image: str) -> None:
    pod = _read("v1", "Pod", spec=pod_spec(image=image))
    assert pod["spec"]["containers"][0]["imagePullPolicy"] == "IfNotPresent"


def test_only_the_metadata_of_a_custom_resource_is_read() -> None:
    metadata = {"name": "w", "labels": {}, "madeUp": 1, "annotations": {"a": "b"}}
    widget = _read("lab.example.com/v1", "Widget", metadata=metadata, spec={"n": 0, "empty": {}})
    assert widget["metadata"] == {"name": "w", "annotations": {"a": "b"}}
    assert widget["spec"] == {"n": 0, "empty": {}}


def test_a_version_that_is_not_served_is_left_as_it_is_written() -> None:
    assert _read("extensions/v1beta1", "Ingress", spec={"backend": {}})["spec"] == {"backend": {}}
