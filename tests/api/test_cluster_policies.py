"""Policies in a real cluster, through the API: looked at, installed, drifted, put right, taken out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from portal.audit.models import AuditEvent
from portal.clusters.kubernetes import Kubernetes
from portal.core.objects import ObjectKey
from portal.environments.models import Cluster
from tests.api.conftest import World
from tests.api.test_problems import check
from tests.fixtures.policies import UsePolicies
from tests.policy.scenes import DEPLOYMENTS, binding, policy
from tests.sandbox_process import SandboxProcess

ADDRESS = "clusters/sandbox/policies/"
KIND = "ValidatingAdmissionPolicy"
KEYS = {
    kind: ObjectKey("admissionregistration.k8s.io/v1", kind, "", "replicas")
    for kind in (KIND, f"{KIND}Binding")
}


@pytest.fixture
def kubernetes(
    world: World, sandbox_cluster: SandboxProcess, use_policies: UsePolicies
) -> Iterator[Kubernetes]:
    """A cluster that answers, and one policy that belongs into it."""
    use_policies([policy("replicas", "object.spec.replicas >= 3", rule=DEPLOYMENTS), binding("replicas")])
    cluster = Cluster.objects.get(slug="sandbox")
    cluster.kubeconfig = sandbox_cluster.kubeconfig.read_text()
    cluster.save()
    found = Kubernetes(cluster.connection)
    yield found
    for key in KEYS.values():
        found.delete(key)


def steps(answer: Any) -> dict[str, str]:
    assert answer.status_code == 200, answer.content
    return {step["object"]["kind"]: step["action"] for step in answer.json()["steps"]}


def every(action: str) -> dict[str, str]:
    return dict.fromkeys(KEYS, action)


def test_a_dry_run_says_what_would_be_done_and_does_nothing(world: World, kubernetes: Kubernetes) -> None:
    answer = world.api("pete").post(f"{ADDRESS}install/", {"dry_run": True})
    assert steps(answer) == every("create")
    assert (answer.json()["done"], answer.json()["installed"]) == (False, False)
    assert answer.json()["counts"] == {"create": 2, "change": 0, "same": 0, "remove": 0}
    assert kubernetes.get(KEYS[KIND]) is None


def test_policies_are_installed_compared_put_right_and_taken_out(
    world: World, kubernetes: Kubernetes
) -> None:
    pete, audrey = world.api("pete"), world.api("audrey")
    installed = pete.post(f"{ADDRESS}install/")
    assert steps(installed) == every("create")
    assert (installed.json()["done"], installed.json()["installed"]) == (True, True)
    assert kubernetes.get(KEYS[KIND]) is not None
    assert steps(audrey.get(ADDRESS)) == every("same")
    assert pete.get("clusters/sandbox/").json()["policies_installed"] is True

    kubernetes.delete(KEYS[f"{KIND}Binding"])
    drift = audrey.get(ADDRESS)
    assert steps(drift) == {KIND: "same", f"{KIND}Binding": "create"}
    assert drift.json()["installed"] is True
    assert steps(pete.post(f"{ADDRESS}install/")) == {KIND: "same", f"{KIND}Binding": "create"}

    removed = pete.post(f"{ADDRESS}uninstall/")
    assert steps(removed) == every("remove")
    assert removed.json()["installed"] is False
    assert kubernetes.get(KEYS[KIND]) is None
    events = AuditEvent.objects.filter(action__startswith="policy.").order_by("at", "id")
    assert [(event.action, event.actor_name, event.source) for event in events] == [
        ("policy.installed", "pete", "api"),
        ("policy.installed", "pete", "api"),
        ("policy.uninstalled", "pete", "api"),
    ]


def test_looking_writes_nothing(world: World, kubernetes: Kubernetes) -> None:
    assert steps(world.api("olga").get(ADDRESS)) == every("create")
    assert kubernetes.get(KEYS[KIND]) is None
    assert not AuditEvent.objects.filter(action__startswith="policy.").exists()


@pytest.mark.parametrize("path", ["install/", "uninstall/", ""])
def test_a_cluster_that_does_not_answer_is_503_and_nothing_is_said_to_be_installed(
    world: World, path: str
) -> None:
    pete = world.api("pete")
    answer = pete.post(ADDRESS + path) if path else pete.get(ADDRESS)
    check(answer, 503, "cluster_unreachable")
    assert int(answer["Retry-After"]) > 0
    assert pete.get("clusters/sandbox/").json()["policies_installed"] is False
    check(pete.get("clusters/nowhere/policies/"), 404, "not_found")


@pytest.mark.parametrize("body", [{"force": True}, {"dry_run": "perhaps"}])
def test_a_wish_to_install_that_cannot_be_understood_is_refused(world: World, body: dict[str, Any]) -> None:
    found = check(world.api("pete").post(f"{ADDRESS}install/", body), 422, "validation_failed")
    assert [error["path"] for error in found["errors"]] == [f"/{next(iter(body))}"]
