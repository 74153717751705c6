"""The life of a release with the real helm, 3.19 and 4: install, upgrade, fail, roll back, uninstall."""

import base64
import gzip
import json
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests import tools
from tests.sandbox.cli import Cli

CHART = str(Path(__file__).resolve().parents[1] / "data" / "charts" / "demo")


@pytest.fixture(params=["helm4", "helm3"])
def helm(request: pytest.FixtureRequest, sandbox_cluster: Any, tmp_path: Path) -> Cli:
    binary = tools.helm() if request.param == "helm4" else tools.helm3()
    return Cli(binary, sandbox_cluster.kubeconfig, f"{request.param}-{uuid.uuid4().hex[:8]}", tmp_path)


@pytest.fixture
def kubectl(helm: Cli) -> Iterator[Cli]:
    run = replace(helm, binary=tools.kubectl())
    run("create", "namespace", helm.namespace)
    yield run
    run("delete", "namespace", helm.namespace, "--wait=false")


def upgrade(helm: Cli, *arguments: str, fails: bool = False) -> str:
    done = helm("upgrade", "demo", CHART, "--install", "--wait", "--timeout", "20s", *arguments, fails=fails)
    return done.stdout + done.stderr


def is_helm3(helm: Cli) -> bool:
    return helm.namespace.startswith("helm3")


def roll_back_flag(helm: Cli) -> str:
    return "--atomic" if is_helm3(helm) else "--rollback-on-failure"


def statuses(helm: Cli) -> list[str]:
    return [each["status"] for each in helm.json("history", "demo")]


def image(kubectl: Cli) -> str:
    found: str = kubectl.json("get", "deployment", "demo")["spec"]["template"]["spec"]["containers"][0][
        "image"
    ]
    return found


def test_release_lives_from_install_to_uninstall(helm: Cli, kubectl: Cli) -> None:
    upgrade(helm)
    assert kubectl.json("get", "deployment", "demo")["status"]["availableReplicas"] == 1
    upgrade(helm, "--set", "replicas=2,image=registry.example.com/demo:2.0")
    assert kubectl.json("get", "deployment", "demo")["status"]["availableReplicas"] == 2
    assert statuses(helm) == ["superseded", "deployed"]
    helm("rollback", "demo", "1", "--wait", "--timeout", "20s")
    assert image(kubectl) == "registry.example.com/demo:1.0"
    assert statuses(helm) == ["superseded", "superseded", "deployed"]
    assert helm.json("status", "demo")["info"]["status"] == "deployed"
    assert "kind: Deployment" in helm("get", "manifest", "demo").stdout
    assert [each["name"] for each in helm.json("list")] == ["demo"]
    helm("uninstall", "demo", "--wait", "--timeout", "20s")
    assert kubectl.json("get", "deployments,services,configmaps,secrets,pods")["items"][1:] == []


def test_namespace_is_made_on_the_way(helm: Cli) -> None:
    upgrade(helm, "--create-namespace")
    replace(helm, binary=tools.kubectl())("delete", "namespace", helm.namespace, "--wait=false")


def test_release_that_never_gets_ready_fails_in_its_time(helm: Cli, kubectl: Cli) -> None:
    said = helm(
        "install",
        "demo",
        CHART,
        "--wait",
        "--timeout",
        "2s",
        "--set",
        "image=registry.example.com/fail",
        fails=True,
    ).stderr
    assert "deadline" in said or "timed out" in said
    assert statuses(helm) == ["failed"]
    upgrade(helm, "--set", "image=registry.example.com/demo:1.0")
    assert statuses(helm) == ["superseded", "deployed"]


def test_failed_upgrade_rolls_itself_back(helm: Cli, kubectl: Cli) -> None:
    upgrade(helm)
    helm(
        "upgrade", "demo", CHART, roll_back_flag(helm), "--timeout", "3s",
        "--set", "image=registry.example.com/fail:2", fails=True,
    )  # fmt: skip
    assert statuses(helm) == ["superseded", "failed", "deployed"]
    kubectl("rollout", "status", "deployment/demo", "--timeout=20s")
    assert image(kubectl) == "registry.example.com/demo:1.0"


def test_pending_release_blocks_until_it_is_rolled_back(helm: Cli, kubectl: Cli) -> None:
    upgrade(helm)
    name = "sh.helm.release.v1.demo.v2"
    secret = kubectl.json("get", "secret", "sh.helm.release.v1.demo.v1")
    release = json.loads(gzip.decompress(base64.b64decode(base64.b64decode(secret["data"]["release"]))))
    release["version"] = 2
    release["info"]["status"] = "pending-upgrade"
    packed = base64.b64encode(base64.b64encode(gzip.compress(json.dumps(release).encode()))).decode()
    labels = {**secret["metadata"]["labels"], "status": "pending-upgrade", "version": "2"}
    stuck = {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": secret["type"],
        "metadata": {"name": name, "labels": labels},
        "data": {"release": packed},
    }
    kubectl("create", "--filename", "-", stdin=json.dumps(stuck))
    assert "another operation (install/upgrade/rollback) is in progress" in upgrade(helm, fails=True)
    helm("rollback", "demo", "1", "--wait", "--timeout", "20s")
    upgrade(helm)


def test_hook_runs_before_the_release_and_can_stop_it(helm: Cli, kubectl: Cli) -> None:
    upgrade(helm, "--set", "hook.enabled=true")
    assert kubectl.json("get", "job", "demo-migrate")["status"]["succeeded"] == 1
    said = upgrade(helm, "--set", "hook.enabled=true,hook.image=registry.example.com/crash:1", fails=True)
    assert "BackoffLimitExceeded" in said or "failed" in said
    assert statuses(helm) == ["deployed", "failed"]


def test_dry_run_on_the_server_stores_nothing(helm: Cli, kubectl: Cli) -> None:
    done = helm("install", "demo", CHART, "--dry-run=server")
    assert "kind: Deployment" in done.stdout
    assert helm.json("list", "--all" if is_helm3(helm) else "--pending") == []


def test_quota_stops_a_release_with_the_servers_words(helm: Cli, kubectl: Cli) -> None:
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "few"}}
    kubectl("create", "-f", "-", stdin=json.dumps({**quota, "spec": {"hard": {"count/services": "0"}}}))
    assert "exceeded quota: few, requested: count/services=1" in upgrade(helm, fails=True)


def test_deployer_account_can_run_the_whole_life(helm: Cli, kubectl: Cli) -> None:
    name = helm.namespace
    kubectl("create", "serviceaccount", "deployer")
    kubectl("create", "rolebinding", "deployer", "--clusterrole=edit", f"--serviceaccount={name}:deployer")
    acting = f"--kube-as-user=system:serviceaccount:{name}:deployer"
    upgrade(helm, acting)
    upgrade(helm, acting, "--set", "replicas=2")
    helm("uninstall", "demo", "--wait", "--timeout", "20s", acting)
    refused = helm("list", "--kube-as-user=eve", fails=True).stderr
    assert 'User "eve" cannot list resource "secrets"' in refused
