"""Whatever nonsense is sent, the answer is a refusal in the API's form, never an internal error."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sandbox_process import SandboxProcess, start_sandbox

SPOILT = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(["1Gi", "$patch", "25%", "None", "Always", "\ud800", "a" * 300, "-", "*"]),
    st.lists(st.one_of(st.none(), st.integers(), st.text(max_size=3)), max_size=2),
    st.dictionaries(st.sampled_from(["name", "$patch", "key", "", "a/b/c"]), st.text(max_size=3), max_size=2),
)
POD_SPEC = {
    "containers": [
        {
            "name": "app",
            "image": "registry.example.com/app:1",
            "ports": [{"containerPort": 80, "name": "http"}],
            "env": [{"name": "A", "value": "1"}],
            "resources": {"requests": {"cpu": "100m"}, "limits": {"cpu": "1"}},
            "volumeMounts": [{"name": "data", "mountPath": "/data"}],
            "readinessProbe": {"httpGet": {"path": "/", "port": "http"}},
        }
    ],
    "volumes": [{"name": "data", "emptyDir": {}}],
}
LABELS = {"app": "web"}
DOCUMENTS: dict[str, Any] = {
    "/api/v1/namespaces/nonsense/configmaps": {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "fuzz", "labels": LABELS, "annotations": {"a": "b"}},
        "data": {"k": "v"},
    },
    "/api/v1/namespaces/nonsense/pods": {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "fuzz", "labels": LABELS},
        "spec": POD_SPEC,
    },
    "/apis/apps/v1/namespaces/nonsense/deployments": {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "fuzz", "labels": LABELS, "finalizers": ["example.com/hold"]},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": LABELS, "matchExpressions": [{"key": "app", "operator": "Exists"}]},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 0}},
            "template": {"metadata": {"labels": LABELS}, "spec": POD_SPEC},
        },
    },
    "/api/v1/namespaces/nonsense/services": {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "fuzz"},
        "spec": {"selector": LABELS, "ports": [{"port": 80, "targetPort": "http"}], "type": "ClusterIP"},
    },
    "/apis/rbac.authorization.k8s.io/v1/namespaces/nonsense/rolebindings": {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "fuzz"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
        "subjects": [{"kind": "ServiceAccount", "name": "default", "namespace": "nonsense"}],
    },
    "/api/v1/namespaces/nonsense/resourcequotas": {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "fuzz"},
        "spec": {"hard": {"pods": "5", "requests.cpu": "2"}, "scopes": ["NotTerminating"]},
    },
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions": {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "fuzzes.nonsense.example.com"},
        "spec": {
            "group": "nonsense.example.com",
            "scope": "Namespaced",
            "names": {"plural": "fuzzes", "kind": "Fuzz"},
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "schema": {
                        "openAPIV3Schema": {"type": "object", "properties": {"spec": {"type": "object"}}}
                    },
                }
            ],
        },
    },
    "/apis/lab.example.com/v1/namespaces/nonsense/gears": {
        "apiVersion": "lab.example.com/v1",
        "kind": "Gear",
        "metadata": {"name": "fuzz", "labels": LABELS},
        "spec": {"teeth": 8, "sizes": [{"name": "a", "mm": 3}], "note": "x"},
    },
    "/apis/autoscaling/v1/namespaces/nonsense/horizontalpodautoscalers": {
        "apiVersion": "autoscaling/v1",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "fuzz"},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
            "minReplicas": 1,
            "maxReplicas": 3,
            "targetCPUUtilizationPercentage": 80,
        },
    },
    "/apis/batch/v1/namespaces/nonsense/cronjobs": {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": "fuzz"},
        "spec": {
            "schedule": "*/5 * * * *",
            "suspend": True,
            "jobTemplate": {"spec": {"template": {"spec": {**POD_SPEC, "restartPolicy": "Never"}}}},
        },
    },
}
GEARS = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "gears.lab.example.com"},
    "spec": {
        "group": "lab.example.com",
        "scope": "Namespaced",
        "names": {"plural": "gears", "kind": "Gear"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "subresources": {"status": {}},
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {
                            "spec": {
                                "type": "object",
                                "properties": {
                                    "teeth": {"type": "integer", "minimum": 3},
                                    "note": {"type": "string", "pattern": "^[a-z]+$"},
                                    "sizes": {
                                        "type": "array",
                                        "x-kubernetes-list-type": "map",
                                        "x-kubernetes-list-map-keys": ["name"],
                                        "items": {
                                            "type": "object",
                                            "required": ["name"],
                                            "properties": {
                                                "name": {"type": "string"},
                                                "mm": {"type": "number"},
                                            },
                                        },
                                    },
                                },
                            }
                        },
                    }
                },
            }
        ],
    },
}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    sandbox = start_sandbox(tmp_path_factory.mktemp("nonsense"))
    try:
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "nonsense"}}
        assert sandbox.request("POST", "/api/v1/namespaces", namespace).status == 201
        path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
        assert sandbox.request("POST", path, GEARS).status == 201
        yield sandbox
    finally:
        sandbox.stop()


def paths_in(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    if isinstance(value, dict):
        for key, each in value.items():
            found += paths_in(each, (*path, key))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            found += paths_in(each, (*path, index))
    return found


@st.composite
def spoilt_documents(draw: st.DrawFn) -> tuple[str, Any]:
    """A valid document with one or two values replaced by something else."""
    path = draw(st.sampled_from(sorted(DOCUMENTS)))
    document = copy.deepcopy(DOCUMENTS[path])
    for _ in range(draw(st.integers(1, 2))):
        where = draw(st.sampled_from(paths_in(document)))
        holder = document
        for key in where[:-1]:
            holder = holder[key]
        holder[where[-1]] = draw(SPOILT)
    return path, document


def check(cluster: SandboxProcess, method: str, path: str, body: Any, content_type: str) -> None:
    text = json.dumps(body)
    answer = cluster.request(method, path, text.encode(), content_type=content_type)
    assert answer.status < 500, (method, path, text, answer.body, cluster.log.read_text()[-3000:])
    if answer.status >= 400 and answer.body != "404 page not found\n":
        assert answer.body["kind"] == "Status"
        assert answer.body["message"]


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(spoilt=spoilt_documents(), validation=st.sampled_from(["Strict", "Warn", "Ignore"]))
def test_spoilt_objects_are_refused_or_stored(
    cluster: SandboxProcess, spoilt: tuple[str, Any], validation: str
) -> None:
    path, document = spoilt
    options = f"?dryRun=All&fieldValidation={validation}&fieldManager=fuzz"
    check(cluster, "POST", path + options, document, "application/json")
    check(cluster, "PATCH", f"{path}/fuzz{options}&force=true", document, "application/apply-patch+yaml")


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(spoilt=spoilt_documents(), kind=st.sampled_from(["merge-patch", "strategic-merge-patch"]))
def test_spoilt_patches_are_refused_or_applied(
    cluster: SandboxProcess, spoilt: tuple[str, Any], kind: str
) -> None:
    path, patch = spoilt
    whole = DOCUMENTS[path]
    name = whole["metadata"]["name"]
    assert cluster.request("POST", path, whole).status in (201, 409)
    check(cluster, "PATCH", f"{path}/{name}?dryRun=All", patch, f"application/{kind}+json")
    check(cluster, "PUT", f"{path}/{name}?dryRun=All", patch, "application/json")
    check(cluster, "PATCH", f"{path}/{name}/status?dryRun=All", patch, "application/merge-patch+json")


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(raw=st.binary(max_size=60), kind=st.sampled_from(["json", "yaml", "vnd.kubernetes.protobuf"]))
def test_broken_bodies_are_refused(cluster: SandboxProcess, raw: bytes, kind: str) -> None:
    path = "/api/v1/namespaces/nonsense/configmaps?dryRun=All"
    body = b"k8s\x00" + raw if "protobuf" in kind else raw or b"{"
    answer = cluster.request("POST", path, body, content_type=f"application/{kind}")
    assert 400 <= answer.status < 500, (raw, answer.body)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    text=st.text(alphabet="abc=!,()<> \\/.~*'\"é\n", max_size=20),
    option=st.sampled_from(
        ["labelSelector", "fieldSelector", "continue", "limit", "resourceVersion", "dryRun"]
    ),
)
def test_odd_options_are_refused_or_understood(cluster: SandboxProcess, text: str, option: str) -> None:
    for path in ("/api/v1/pods", "/api/v1/namespaces/nonsense/configmaps"):
        answer = cluster.request("GET", f"{path}?{option}={quote(text)}")
        assert answer.status in (200, 400, 410, 422, 504), (option, text, answer.body)
