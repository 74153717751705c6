"""Answers of simulated containers, through the API server's proxy, as kubectl gets them."""

import json
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests import tools
from tests.fixtures.worker import until
from tests.sandbox.cli import Cli

SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web"},
    "spec": {"selector": {"app": "web"}, "ports": [{"name": "http", "port": 80, "targetPort": "http"}]},
}
READER = """
apiVersion: v1
kind: ServiceAccount
metadata: {name: reader}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader}
rules:
- {apiGroups: [""], resources: [services/proxy], verbs: [get], resourceNames: ["http:web:http"]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reader}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects: [{kind: ServiceAccount, name: reader}]
"""


@pytest.fixture
def kubectl(sandbox_cluster: Any, tmp_path: Path) -> Iterator[Cli]:
    name = f"proxy-{uuid.uuid4().hex[:8]}"
    run = Cli(tools.kubectl(), sandbox_cluster.kubeconfig, name, tmp_path)
    run("create", "namespace", name)
    yield run
    run("delete", "namespace", name, "--wait=false")


def deployment(image: str, replicas: int = 1, annotations: dict[str, str] | None = None) -> str:
    container = {
        "name": "app",
        "image": f"registry.example.com/{image}",
        "ports": [{"name": "http", "containerPort": 8080}],
    }
    template = {
        "metadata": {"labels": {"app": "web"}, "annotations": annotations or {}},
        "spec": {"containers": [container]},
    }
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": "web"}}, "template": template}
    return yaml.safe_dump(
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}
    )


def run(kubectl: Cli, image: str = "app:1", **how: Any) -> Cli:
    kubectl("apply", "--filename", "-", stdin=yaml.safe_dump(SERVICE))
    kubectl("apply", "--filename", "-", stdin=deployment(image, **how))
    kubectl("rollout", "status", "deployment/web", "--timeout=20s")
    return kubectl


def get(kubectl: Cli, path: str, service: str = "http:web:http", **how: Any) -> str:
    base = f"/api/v1/namespaces/{kubectl.namespace}/services/{service}/proxy"
    done = kubectl("get", "--raw", f"{base}{path}", **how)
    return done.stderr if how.get("fails") else done.stdout


@pytest.mark.parametrize("service", ["http:web:http", "http:web:80", "web:80", "web:http", ":web:80"])
def test_a_service_is_named_with_and_without_scheme_by_port_name_and_number(
    kubectl: Cli, service: str
) -> None:
    run(kubectl)
    answered = json.loads(get(kubectl, "/healthz?full=1", service))
    assert answered["pod"].startswith("web-")
    assert (answered["path"], answered["status"]) == ("/healthz", 200)


def test_requests_are_spread_over_the_ready_pods(kubectl: Cli, sandbox_cluster: Any) -> None:
    run(kubectl, replicas=2)
    path = f"/api/v1/namespaces/{kubectl.namespace}/services/web:80/proxy/"
    seen = {sandbox_cluster.request("GET", path).body["pod"] for _ in range(40)}
    assert len(seen) == 2


def test_a_service_without_ready_pods_is_unavailable(kubectl: Cli) -> None:
    kubectl("apply", "--filename", "-", stdin=yaml.safe_dump(SERVICE))
    assert 'no endpoints available for service "web"' in get(kubectl, "/", fails=True)
    kubectl("apply", "--filename", "-", stdin=deployment("slow-60:1"))
    until(lambda: "no endpoints available" in get(kubectl, "/", fails=True))


def test_unknown_services_and_ports_are_said(kubectl: Cli) -> None:
    run(kubectl)
    assert 'services "nothing" not found' in get(kubectl, "/", "nothing:80", fails=True)
    assert 'endpoints "nothing" not found' in get(kubectl, "/", "nothing:http", fails=True)
    assert 'no service port 81 found for service "web"' in get(kubectl, "/", "web:81", fails=True)
    assert 'no endpoints available for service "web:metrics"' in get(kubectl, "/", "web:metrics", fails=True)
    assert 'invalid service request "ftp:web:80"' in get(kubectl, "/", "ftp:web:80", fails=True)


def test_images_say_how_containers_answer(kubectl: Cli, sandbox_cluster: Any) -> None:
    path = f"/api/v1/namespaces/{kubectl.namespace}/services/web:80/proxy"

    def statuses(count: int) -> list[int]:
        return [sandbox_cluster.request("GET", f"{path}/healthz").status for _ in range(count)]

    run(kubectl, "unwell:1")
    assert statuses(2) == [500, 500]
    run(kubectl, "flapping:1")
    until(lambda: statuses(1) == [200])
    assert statuses(3) == [500, 200, 500]
    run(kubectl, "late-3:1")
    assert 503 in statuses(1)
    until(lambda: statuses(1) == [200], seconds=10)
    run(kubectl, "slow-answer-0.4:1")
    began = time.monotonic()
    assert statuses(1) == [200]
    assert time.monotonic() - began >= 0.4


def test_any_answer_can_be_asked_for_by_path(kubectl: Cli, sandbox_cluster: Any) -> None:
    run(kubectl)
    path = f"/api/v1/namespaces/{kubectl.namespace}/services/web:80/proxy"
    assert sandbox_cluster.request("GET", f"{path}/status/404").status == 404
    moved = sandbox_cluster.request("GET", f"{path}/status/302")
    assert (moved.status, moved.headers["Location"]) == (302, "/")
    bare = sandbox_cluster.request("GET", path)
    assert (bare.status, bare.headers["Location"]) == (301, f"{path}/")


def test_prometheus_is_answered_in_its_own_format(kubectl: Cli) -> None:
    """Compared with what Prometheus 2.42 answers to the same requests."""
    metrics = {"up": 1, "errors": {'{"path":"/"}': "0.02"}}
    run(kubectl, "prometheus:3", annotations={"sandbox.slipway.dev/metrics": json.dumps(metrics)})
    answered = json.loads(get(kubectl, "/api/v1/query?query=errors"))
    assert answered["status"] == "success"
    [sample] = answered["data"].pop("result")
    assert answered["data"] == {"resultType": "vector"}
    assert sample["metric"] == {"path": "/"}
    assert isinstance(sample["value"][0], float)
    assert sample["value"][1] == "0.02"
    assert json.loads(get(kubectl, "/api/v1/query?query=unknown"))["data"]["result"] == []
    assert "BadRequest" in get(kubectl, "/api/v1/query?query=", fails=True)


def test_pods_are_reached_by_themselves(kubectl: Cli) -> None:
    run(kubectl)
    [pod] = kubectl.json("get", "pods")["items"]
    name, base = pod["metadata"]["name"], f"/api/v1/namespaces/{kubectl.namespace}/pods"
    for target in (name, f"{name}:8080", f"http:{name}:8080"):
        assert json.loads(kubectl("get", "--raw", f"{base}/{target}/proxy/x").stdout)["pod"] == name
    refused = kubectl("get", "--raw", f"{base}/{name}:9/proxy/x", fails=True)
    assert "connection refused" in refused.stderr
    assert 'pods "nobody" not found' in kubectl("get", "--raw", f"{base}/nobody/proxy/", fails=True).stderr


def test_only_who_may_get_or_create_the_proxy_may_use_it(kubectl: Cli, sandbox_cluster: Any) -> None:
    run(kubectl)
    kubectl("apply", "--filename", "-", stdin=READER)
    reader = ("--as", f"system:serviceaccount:{kubectl.namespace}:reader")
    base = f"/api/v1/namespaces/{kubectl.namespace}/services"
    assert "simulated" in kubectl("get", "--raw", f"{base}/http:web:http/proxy/", *reader).stdout
    # a role's resource name is the whole of scheme, name and port
    other = kubectl("get", "--raw", f"{base}/web:http/proxy/", *reader, fails=True)
    assert 'cannot get resource "services/proxy" in API group ""' in other.stderr
    post = kubectl(
        "create", "--raw", f"{base}/http:web:http/proxy/", "--filename", "-", *reader, stdin="x", fails=True
    )
    assert 'cannot create resource "services/proxy"' in post.stderr
    anyone = sandbox_cluster.request("POST", f"{base}/http:web:http/proxy/", {})
    assert anyone.status == 200
