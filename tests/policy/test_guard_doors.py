"""The doors around the guard: the namespace's own label, and becoming the deployer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from portal.policy import UserInfo
from tests.policy.guarded import (
    ADMIN,
    DEPLOYER,
    KUBE_SYSTEM,
    NODE,
    OLGA,
    OPERATIONS,
    PLACE,
    RECORD,
    ROBOT,
    STRANGERS,
    THE_PORTAL,
    admit,
    ask,
    thing,
    write,
)
from tests.policy.scenes import namespace


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("user", [*STRANGERS, DEPLOYER], ids=lambda user: user.username)
def test_the_namespace_itself_is_the_portals(user: UserInfo, operation: str) -> None:
    gated, dev = namespace("production", PLACE), namespace("dev", PLACE)
    assert not admit(write(user, operation, gated)).allowed
    assert admit(write(THE_PORTAL, operation, gated)).allowed
    assert admit(write(user, operation, dev, environment="dev")).allowed


def test_a_namespace_neither_leaves_its_environment_nor_enters_one() -> None:
    gated, dev = namespace("production", PLACE), namespace("dev", PLACE)
    without = namespace("", PLACE)
    for new, old in ((without, gated), (dev, gated), (gated, dev), (gated, without)):
        request = replace(ask(ADMIN, "UPDATE", new, old), namespace_object=old)
        assert not admit(request).allowed
        assert admit(replace(request, user=THE_PORTAL)).allowed
    assert admit(ask(ADMIN, "UPDATE", without, dev, environment="dev")).allowed


def pod(account: str) -> dict[str, Any]:
    return {**thing("Pod", "v1", "shell"), "spec": {"serviceAccountName": account}}


@pytest.mark.parametrize("user", [OLGA, ROBOT, DEPLOYER, UserInfo(f"{KUBE_SYSTEM}replicaset-controller")])
def test_nothing_runs_as_the_deployer(user: UserInfo) -> None:
    answer = admit(ask(user, "CREATE", pod("slipway-deployer")))
    assert not answer.allowed
    assert "nothing runs or acts as slipway-deployer" in answer.message
    assert admit(ask(user, "CREATE", pod("web"))).allowed
    assert admit(ask(user, "CREATE", pod("slipway-deployer"), environment="dev")).allowed


def test_nobody_gets_a_token_of_the_deployer() -> None:
    def token(name: str) -> dict[str, Any]:
        return {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "metadata": {"name": name}}

    def kept(account: str) -> dict[str, Any]:
        annotations = {"kubernetes.io/service-account.name": account}
        metadata = {"name": "stolen", "annotations": annotations}
        return {**RECORD, "type": "kubernetes.io/service-account-token", "metadata": metadata}

    for user in (ADMIN, OLGA, NODE):
        assert not admit(ask(user, "CREATE", token("slipway-deployer"), part="token")).allowed
        assert admit(ask(user, "CREATE", token("web"), part="token")).allowed
        assert not admit(ask(user, "CREATE", kept("slipway-deployer"))).allowed
        assert admit(ask(user, "CREATE", kept("web"))).allowed
    assert not admit(ask(OLGA, "UPDATE", kept("slipway-deployer"), kept("web"))).allowed
    tokens = UserInfo("system:kube-controller-manager")
    assert admit(ask(tokens, "UPDATE", kept("slipway-deployer"), kept("slipway-deployer"))).allowed
