"""Everyday kubectl against the sandbox: apply, get, diff, scale, rollout, wait, logs, describe, delete."""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import tools
from tests.sandbox.cli import Cli

WEB = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: app, image: "registry.example.com/app:1", ports: [{containerPort: 8080}]}
"""


@pytest.fixture
def kubectl(sandbox_cluster: Any, tmp_path: Path) -> Iterator[Cli]:
    name = f"kubectl-{uuid.uuid4().hex[:8]}"
    run = Cli(tools.kubectl(), sandbox_cluster.kubeconfig, name, tmp_path)
    run("create", "namespace", name)
    yield run
    run("delete", "namespace", name, "--wait=false")


@pytest.fixture
def web(kubectl: Cli) -> Cli:
    kubectl("apply", "--filename", "-", stdin=WEB)
    kubectl("rollout", "status", "deployment/web", "--timeout=20s")
    return kubectl


def test_apply_says_what_it_did(kubectl: Cli) -> None:
    assert "deployment.apps/web created" in kubectl("apply", "-f", "-", stdin=WEB).stdout
    assert "deployment.apps/web unchanged" in kubectl("apply", "-f", "-", stdin=WEB).stdout
    changed = kubectl("apply", "-f", "-", stdin=WEB.replace("replicas: 2", "replicas: 3"))
    assert "deployment.apps/web configured" in changed.stdout


def test_server_side_apply_names_who_owns_the_field(web: Cli) -> None:
    other = WEB.replace("replicas: 2", "replicas: 5")
    refused = web("apply", "--server-side", "--field-manager", "other", "-f", "-", stdin=other, fails=True)
    assert 'conflict with "kubectl-client-side-apply"' in refused.stderr
    assert ".spec.replicas" in refused.stderr
    web("apply", "--server-side", "--field-manager", "other", "--force-conflicts", "-f", "-", stdin=other)
    assert web.json("get", "deployment", "web")["spec"]["replicas"] == 5


def test_get_prints_the_columns_people_know(web: Cli) -> None:
    header, row = web("get", "deployments").stdout.splitlines()
    assert header.split() == ["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE"]
    assert row.split()[:4] == ["web", "2/2", "2", "2"]
    header, *rows = web("get", "pods").stdout.splitlines()
    assert header.split() == ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]
    assert [row.split()[1:4] for row in rows] == [["1/1", "Running", "0"]] * 2


def test_diff_shows_what_apply_would_change_and_changes_nothing(web: Cli) -> None:
    changed = WEB.replace("app:1", "app:2")
    shown = web("diff", "-f", "-", stdin=changed, fails=True).stdout
    assert "-      - image: registry.example.com/app:1" in shown
    assert "+      - image: registry.example.com/app:2" in shown
    assert web("diff", "-f", "-", stdin=WEB).stdout == ""


def test_scale_brings_pods_and_takes_them(web: Cli) -> None:
    web("scale", "deployment/web", "--replicas", "4")
    web("rollout", "status", "deployment/web", "--timeout=20s")
    assert len(web.json("get", "pods")["items"]) == 4
    web("scale", "deployment/web", "--replicas", "0")
    web("wait", "--for=delete", "pod", "--selector", "app=web", "--timeout=20s")


def test_rollout_moves_on_back_and_again(web: Cli) -> None:
    web("set", "image", "deployment/web", "app=registry.example.com/app:2")
    assert "successfully rolled out" in web("rollout", "status", "deployment/web", "--timeout=20s").stdout
    assert [
        line.split()[0] for line in web("rollout", "history", "deployment/web").stdout.splitlines()[2:4]
    ] == ["1", "2"]
    web("rollout", "undo", "deployment/web")
    web("rollout", "status", "deployment/web", "--timeout=20s")
    container = web.json("get", "deployment", "web")["spec"]["template"]["spec"]["containers"][0]
    assert container["image"] == "registry.example.com/app:1"
    web("rollout", "restart", "deployment/web")
    web("rollout", "status", "deployment/web", "--timeout=20s")


def test_stuck_rollout_is_reported_as_stuck(web: Cli) -> None:
    patch = json.dumps({"spec": {"progressDeadlineSeconds": 1}})
    web("patch", "deployment", "web", "--patch", patch)
    web("set", "image", "deployment/web", "app=registry.example.com/fail-app:2")
    stuck = web("rollout", "status", "deployment/web", "--timeout=20s", fails=True)
    assert "exceeded its progress deadline" in stuck.stderr
    assert "ImagePullBackOff" in web("get", "pods").stdout


def test_wait_sees_conditions_and_values(web: Cli) -> None:
    web("wait", "--for=condition=Available", "deployment/web", "--timeout=10s")
    web("wait", "--for=jsonpath={.status.readyReplicas}=2", "deployment/web", "--timeout=10s")


def test_logs_say_that_they_are_simulated(web: Cli) -> None:
    shown = web("logs", "deployment/web", "--timestamps").stdout
    assert "[sandbox] simulated: no process runs in this container" in shown
    assert len(web("logs", "deployment/web", "--tail", "1").stdout.splitlines()) == 1
    missing = web("logs", "deployment/web", "--container", "nope", fails=True)
    assert "container nope is not valid for pod" in missing.stderr


def test_following_a_log_ends_with_the_container(kubectl: Cli) -> None:
    kubectl("run", "task", "--image", "registry.example.com/slow-1", "--restart", "Never")
    kubectl("wait", "--for=condition=Ready", "pod/task", "--timeout=10s")
    assert "ended with exit code 0" in kubectl("logs", "--follow", "task").stdout


def test_describe_shows_the_events(web: Cli) -> None:
    shown = web("describe", "deployment", "web").stdout
    assert "ScalingReplicaSet" in shown
    assert "2 desired | 2 updated | 2 total | 2 available | 0 unavailable" in shown
    pod = web.json("get", "pods")["items"][0]["metadata"]["name"]
    shown = web("describe", "pod", pod).stdout
    assert "Successfully assigned" in shown
    assert "Ready" in shown


def test_foreground_deletion_waits_for_everything(web: Cli) -> None:
    web("delete", "deployment", "web", "--cascade=foreground", "--timeout=20s")
    assert web.json("get", "replicasets,pods")["items"] == []


def test_delete_without_waiting_and_of_what_is_not_there(web: Cli) -> None:
    assert "not found" in web("delete", "configmap", "ghost", fails=True).stderr
    web("delete", "configmap", "ghost", "--ignore-not-found")
    web("delete", "--filename", "-", "--wait=false", stdin=WEB)


def test_mistyped_field_is_refused_before_anything_is_stored(kubectl: Cli) -> None:
    wrong = WEB.replace("replicas: 2", "replcas: 2")
    refused = kubectl("apply", "--validate=strict", "-f", "-", stdin=wrong, fails=True)
    assert 'unknown field "spec.replcas"' in refused.stderr
    assert kubectl.json("get", "deployments")["items"] == []


def test_explain_and_api_resources_come_from_the_server(kubectl: Cli) -> None:
    assert "replicas\t<integer>" in kubectl("explain", "deployment.spec").stdout
    assert "poddisruptionbudgets" in kubectl("api-resources", "--api-group", "policy").stdout


def test_namespace_can_be_deleted_with_all_that_is_in_it(sandbox_cluster: Any, tmp_path: Path) -> None:
    name = f"kubectl-{uuid.uuid4().hex[:8]}"
    run = Cli(tools.kubectl(), sandbox_cluster.kubeconfig, name, tmp_path)
    run("create", "namespace", name)
    run("apply", "-f", "-", stdin=WEB)
    run("delete", "namespace", name, "--timeout=30s")
    assert "NotFound" in run("get", "namespace", name, fails=True).stderr
