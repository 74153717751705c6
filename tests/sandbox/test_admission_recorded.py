"""The cluster enforces stored policies as the recorded API server did: tests/data/admission-verdicts.json."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from portal.sandbox.contexts import RequestContext
from portal.sandbox.statuses import ApiError
from portal.sandbox.users import UserInfo
from tests.sandbox.living import LivingCluster

CASES = json.loads((Path(__file__).parents[1] / "data" / "admission-verdicts.json").read_text())
WIDGETS = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.lab.example.com}
spec:
  group: lab.example.com
  scope: Namespaced
  names: {plural: widgets, singular: widget, kind: Widget}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties: {spec: {type: object, x-kubernetes-preserve-unknown-fields: true}}
"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[LivingCluster]:
    living = LivingCluster()
    living.create(WIDGETS)
    living.until(lambda: living.cluster.resources.by_kind("lab.example.com", "v1", "Widget"))
    yield living
    living.stop()


@pytest.fixture
def namespace(cluster: LivingCluster, request: pytest.FixtureRequest) -> str:
    name = f"case-{request.node.callspec.params['case']['name']}"
    labels = request.node.callspec.params["case"]["request"]["namespaceLabels"]
    metadata = {"name": name, "labels": labels}
    cluster.create(json.dumps({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}))
    return name


def user_of(request: dict[str, Any]) -> UserInfo:
    info = request["userInfo"]
    return UserInfo(info["username"], tuple(info.get("groups") or ()))


def placed(obj: dict[str, Any], namespace: str) -> str:
    return json.dumps({**obj, "metadata": {**obj["metadata"], "namespace": namespace}})


def carry_out(cluster: LivingCluster, request: dict[str, Any], namespace: str) -> None:
    if request["operation"] == "CREATE":
        cluster.create(placed(request["object"], namespace), user=user_of(request))
        return
    registry, old = cluster.cluster.registry, request["oldObject"]
    resource = cluster.resource(old["apiVersion"], old["kind"])
    context = RequestContext(user_of(request))
    if request["operation"] == "UPDATE":
        changed = json.loads(placed(request["object"], namespace))
        cluster._inside(lambda: registry.update(resource, changed, ctx=context))
    else:
        cluster._inside(lambda: registry.delete(resource, namespace, old["metadata"]["name"], ctx=context))


def refusal_of(work: Callable[[], Any]) -> ApiError | None:
    try:
        work()
    except ApiError as refusal:
        return refusal
    return None


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_recorded_verdict(cluster: LivingCluster, namespace: str, case: dict[str, Any]) -> None:
    request, expected = case["request"], case["expect"]
    for obj in (request.get("oldObject"), case.get("params")):
        if obj:
            cluster.create(placed(obj, namespace))
    refused_policy = refusal_of(lambda: cluster.create(json.dumps(case["policy"])))
    if not expected["policyAccepted"]:
        assert refused_policy is not None
        assert (refused_policy.code, refused_policy.message) == (422, expected["message"])
        return
    assert refused_policy is None
    binding = cluster.create(json.dumps(case["binding"]))
    cluster.warnings = []
    refusal = refusal_of(lambda: carry_out(cluster, request, namespace))
    cluster.delete(binding)
    if expected["allowed"]:
        assert refusal is None
        assert bool(cluster.warnings) == ("warning" in expected)
        assert all(each in expected["warning"] for each in cluster.warnings)
    else:
        assert refusal is not None
        seen = (refusal.code, refusal.reason, refusal.message)
        assert seen == (expected["httpStatus"], expected["reason"], expected["message"])
