"""Server-side apply: who owns what, conflicts in the API server's words, and what goes."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox_process import Answer, SandboxProcess

APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
LABELS = {"app": "web"}


class Applied:
    """One Deployment (paused, so that controllers leave it alone) and those who apply it."""

    def __init__(self, cluster: SandboxProcess) -> None:
        self.cluster = cluster
        self.namespace = f"apply-{uuid.uuid4().hex[:8]}"
        self.path = f"/apis/apps/v1/namespaces/{self.namespace}/deployments/web"
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace}}
        assert cluster.request("POST", "/api/v1/namespaces", body).status == 201

    def apply(self, manager: str, spec: dict[str, Any], *, force: bool = False, **metadata: Any) -> Answer:
        body = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "web", **metadata},
            "spec": {"paused": True, **spec},
        }
        query = f"fieldManager={manager}&force={str(force).lower()}"
        return self.cluster.request("PATCH", f"{self.path}?{query}", body, content_type=APPLY)

    def patch(self, patch: dict[str, Any], manager: str = "kubectl-edit") -> Answer:
        return self.cluster.request("PATCH", f"{self.path}?fieldManager={manager}", patch, content_type=MERGE)

    def read(self) -> dict[str, Any]:
        return self.cluster.request("GET", self.path).body

    def managers(self) -> list[str]:
        """Without the controllers, which write the status."""
        found = [each["manager"] for each in self.read()["metadata"].get("managedFields", ())]
        return [name for name in found if name != "kube-controller-manager"]


def spec(*containers: dict[str, Any], **more: Any) -> dict[str, Any]:
    template = {"metadata": {"labels": LABELS}, "spec": {"containers": list(containers)}}
    return {"selector": {"matchLabels": LABELS}, "template": template, **more}


APP = {"name": "app", "image": "registry.example.com/app:1"}


@pytest.fixture
def applied(sandbox_cluster: SandboxProcess) -> Iterator[Applied]:
    made = Applied(sandbox_cluster)
    yield made
    sandbox_cluster.request("DELETE", f"/api/v1/namespaces/{made.namespace}")


def test_field_that_is_applied_no_more_goes(applied: Applied) -> None:
    applied.apply(
        "helm", spec({**APP, "args": ["--fast"]}, revisionHistoryLimit=3), labels={"a": "1", "b": "2"}
    )
    after = applied.apply("helm", spec(APP), labels={"a": "1"}).body
    assert "args" not in after["spec"]["template"]["spec"]["containers"][0]
    assert after["metadata"]["labels"] == {"a": "1"}
    # a field with a default falls back to it
    assert after["spec"]["revisionHistoryLimit"] == 10


def test_list_item_that_is_applied_no_more_goes_and_others_stay(applied: Applied) -> None:
    side = {"name": "side", "image": "registry.example.com/side:1"}
    applied.apply("helm", spec(APP, side))
    mesh = {
        "spec": {
            "template": {"spec": {"containers": [{"name": "mesh", "image": "registry.example.com/mesh:1"}]}}
        }
    }
    body = {"apiVersion": "apps/v1", "kind": "Deployment", **mesh}
    answer = applied.cluster.request("PATCH", f"{applied.path}?fieldManager=mesh", body, content_type=APPLY)
    assert answer.status == 200, answer.body
    found = applied.apply("helm", spec(APP)).body["spec"]["template"]["spec"]["containers"]
    assert [each["name"] for each in found] == ["app", "mesh"]


def test_field_that_another_also_applies_stays(applied: Applied) -> None:
    applied.apply("helm", spec(APP, replicas=3))
    applied.apply("other", {"replicas": 3})
    assert applied.apply("helm", spec(APP)).body["spec"]["replicas"] == 3
    assert applied.managers() == ["helm", "other"]


def test_same_value_is_owned_together_without_conflict(applied: Applied) -> None:
    applied.apply("helm", spec(APP, replicas=3))
    assert applied.apply("other", {"replicas": 3}).status == 200


def test_all_conflicts_are_named_by_manager(applied: Applied) -> None:
    applied.apply("helm", spec(APP, replicas=3))
    applied.patch({"spec": {"minReadySeconds": 5}})
    refused = applied.apply(
        "other", {**spec({**APP, "image": "registry.example.com/app:2"}, replicas=4), "minReadySeconds": 6}
    )
    assert refused.status == 409
    assert refused.body["message"] == (
        'Apply failed with 3 conflicts: conflicts with "helm":\n'
        "- .spec.replicas\n"
        '- .spec.template.spec.containers[name="app"].image\n'
        'conflicts with "kubectl-edit" using apps/v1:\n'
        "- .spec.minReadySeconds"
    )
    assert [each["field"] for each in refused.body["details"]["causes"]] == [
        ".spec.replicas",
        '.spec.template.spec.containers[name="app"].image',
        ".spec.minReadySeconds",
    ]


def test_force_takes_fields_over(applied: Applied) -> None:
    applied.apply("helm", spec(APP, replicas=3))
    assert applied.apply("other", {"replicas": 4}, force=True).body["spec"]["replicas"] == 4
    # helm owns the number no more: leaving it out keeps it
    assert applied.apply("helm", spec(APP)).body["spec"]["replicas"] == 4


def test_update_takes_fields_from_their_applier(applied: Applied) -> None:
    applied.apply("helm", spec(APP, replicas=3))
    applied.patch({"spec": {"replicas": 5}})
    refused = applied.apply("helm", spec(APP, replicas=3))
    assert refused.status == 409
    assert refused.body["message"] == (
        'Apply failed with 1 conflict: conflict with "kubectl-edit" using apps/v1: .spec.replicas'
    )


def test_apply_that_changes_nothing_keeps_version_and_times(applied: Applied) -> None:
    applied.apply("helm", spec(APP))
    end = time.monotonic() + 10
    # controllers write a status first
    while (before := applied.read()) != applied.apply("helm", spec(APP)).body:
        assert time.monotonic() < end, before
    assert before["status"]


def test_managed_fields_can_be_cleared_and_start_anew(applied: Applied) -> None:
    applied.apply("helm", spec(APP))
    applied.patch({"metadata": {"managedFields": [{}]}})
    assert applied.managers() == []
    applied.apply("helm", spec(APP, replicas=2), force=True)
    assert applied.managers() == ["helm", "before-first-apply"]


def test_only_the_last_ten_updaters_are_kept_apart(applied: Applied) -> None:
    applied.apply("helm", spec(APP))
    for index in range(14):
        applied.patch({"metadata": {"annotations": {f"a{index}": "x"}}}, manager=f"m{index:02}")
    entries = applied.read()["metadata"]["managedFields"]
    updaters = [each["manager"] for each in entries if each["operation"] == "Update"]
    assert len(updaters) == 10
    assert "ancient-changes" in updaters


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": "ReplicaSet"}, "does not match apps/v1, Kind=Deployment"),
        ({"metadata": {"name": "other"}}, "does not match the name on the request"),
        ({"metadata": {"managedFields": [{"manager": "x"}]}}, "metadata.managedFields must be nil"),
    ],
)
def test_configuration_of_something_else_is_refused(
    applied: Applied, change: dict[str, Any], words: str
) -> None:
    body = {"apiVersion": "apps/v1", "kind": "Deployment", "spec": spec(APP), **change}
    answer = applied.cluster.request("PATCH", f"{applied.path}?fieldManager=x", body, content_type=APPLY)
    assert answer.status == 400
    assert words in answer.body["message"]


def test_force_is_for_apply_only(applied: Applied) -> None:
    applied.apply("helm", spec(APP))
    path = f"{applied.path}?force=true"
    answer = applied.cluster.request("PATCH", path, {"spec": {"replicas": 1}}, content_type=MERGE)
    assert answer.status == 422
    assert "force: Forbidden: may not be specified for non-apply patch" in answer.body["message"]
