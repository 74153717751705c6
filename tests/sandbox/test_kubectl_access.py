"""kubectl as somebody else: auth can-i, impersonation, tokens, refusals."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import tools
from tests.sandbox.cli import Cli


@pytest.fixture
def kubectl(sandbox_cluster: Any, tmp_path: Path) -> Iterator[Cli]:
    name = f"access-{uuid.uuid4().hex[:8]}"
    run = Cli(tools.kubectl(), sandbox_cluster.kubeconfig, name, tmp_path)
    run("create", "namespace", name)
    run("create", "serviceaccount", "deployer")
    run("create", "rolebinding", "deployer", "--clusterrole=edit", f"--serviceaccount={name}:deployer")
    yield run
    run("delete", "namespace", name, "--wait=false")


def deployer(kubectl: Cli) -> str:
    return f"--as=system:serviceaccount:{kubectl.namespace}:deployer"


def test_deployer_may_deploy_here_and_nowhere_else(kubectl: Cli) -> None:
    acting = deployer(kubectl)
    assert kubectl("auth", "can-i", "create", "deployments", acting).stdout.strip() == "yes"
    assert "no" in kubectl("auth", "can-i", "create", "rolebindings", acting, fails=True).stdout
    assert "no" in kubectl("auth", "can-i", "create", "namespaces", acting, fails=True).stdout
    kubectl("create", "configmap", "mine", acting)
    elsewhere = Cli(kubectl.binary, kubectl.kubeconfig, "default", kubectl.home)
    refused = elsewhere("get", "configmaps", acting, fails=True)
    assert (
        f'configmaps is forbidden: User "system:serviceaccount:{kubectl.namespace}:deployer" cannot list '
        'resource "configmaps" in API group "" in the namespace "default"'
    ) in refused.stderr


def test_everything_that_one_may_is_listed(kubectl: Cli) -> None:
    shown = kubectl("auth", "can-i", "--list", deployer(kubectl)).stdout
    assert "deployments.apps" in shown
    assert "selfsubjectaccessreviews.authorization.k8s.io" in shown


def test_whoami_names_the_impersonated_user(kubectl: Cli) -> None:
    shown = kubectl("auth", "whoami", "--as=dev", "--as-group=shop").stdout
    assert "dev" in shown
    assert "shop" in shown


def with_token(kubectl: Cli, folder: Path, token: str) -> Cli:
    config = folder / "kubeconfig"
    config.write_text(kubectl.kubeconfig.read_text())
    config.chmod(0o600)
    run = Cli(kubectl.binary, config, kubectl.namespace, folder)
    run("config", "set-credentials", "bearer", f"--token={token}")
    run("config", "set-context", "--current", "--user=bearer")
    return run


def test_requested_token_acts_as_its_account(kubectl: Cli, tmp_path: Path) -> None:
    token = kubectl("create", "token", "deployer").stdout.strip()
    bearer = with_token(kubectl, tmp_path, token)
    user = bearer.json("auth", "whoami")["status"]["userInfo"]
    assert user["username"] == f"system:serviceaccount:{kubectl.namespace}:deployer"
    bearer("create", "configmap", "by-token")
    assert "forbidden" in bearer("get", "nodes", fails=True).stderr.lower()


def test_wrong_token_is_unauthorized(kubectl: Cli, tmp_path: Path) -> None:
    refused = with_token(kubectl, tmp_path, "wrong")("get", "pods", fails=True)
    assert "Unauthorized" in refused.stderr or "must be logged in" in refused.stderr
