"""Judging objects that somebody sends: the verdict that a request would get, and never a crash."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from portal.core import clock
from tests.api import policy_rows
from tests.api.conftest import World
from tests.api.test_problems import check
from tests.fixtures.policies import UsePolicies
from tests.policy.scenes import DEPLOYMENTS, EVERYTHING, binding, config_map, deployment, policy

FIX = "[{'op': 'replace', 'path': '/spec/replicas', 'value': 3}]"


@pytest.fixture(autouse=True)
def policies(world: World, use_policies: UsePolicies) -> None:
    replicas = policy(
        "replicas", {"expression": "object.spec.replicas >= 3", "message": "Too few."}, rule=DEPLOYMENTS
    )
    replicas["metadata"]["annotations"] = {"policy.slipway.dev/fix": FIX}
    update = policy("growing", "oldObject == null || oldObject.data.size <= object.data.size")
    caller = policy("caller", "request.userInfo.username != 'mallory' && !('x' in request.userInfo.groups)")
    deletion = policy(
        "kept", "request.operation != 'DELETE' || oldObject.metadata.name != 'kept'", rule=EVERYTHING
    )
    use_policies([each for it in (replicas, update, caller, deletion) for each in (it, bound(it))])


def bound(document: dict[str, Any]) -> dict[str, Any]:
    return binding(document["metadata"]["name"])


def send(world: World, *documents: Any, person: str = "alice", **more: Any) -> Any:
    body = {"environment": "dev", **({"documents": documents} if documents else {}), **more}
    return world.api(person).post("policies/evaluate/", body)


def said(answer: Any) -> dict[str, str]:
    assert answer.status_code == 200, answer.content
    return {verdict["policy"]: verdict["outcome"] for verdict in answer.json()["verdicts"]}


# ------------------------------------------------------------------ verdicts
def test_a_denied_object_comes_with_its_ready_fix(world: World) -> None:
    answer = send(world, deployment())
    [found] = [each for each in answer.json()["verdicts"] if each["policy"] == "replicas"]
    assert (found["outcome"], found["message"], answer.json()["allowed"]) == ("deny", "Too few.", False)
    assert found["fix"] == [{"op": "replace", "path": "/spec/replicas", "value": 3}]
    assert (found["exception"], found["until"]) == (None, "")
    assert found["key"]["namespace"] == "evaluation-dev"


def test_objects_may_come_as_yaml_and_are_read_as_the_cluster_reads_them(world: World) -> None:
    text = "# two\nkind: ConfigMap\napiVersion: v1\nmetadata: {name: a}\ndata: {size: 'y'}\n---\n---\n"
    text += "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 0x3}\n"
    assert said(send(world, text=text))["replicas"] == "pass"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: b\nc: [", "line 3"),
        ("a: b\n\tc: d", "line 2"),
        ("a: b\n---\n? [x]\n: y\n", "line 3"),
        ("a: !!python/object:os.system x", "line 1"),
        ('a: "\\0"', "NUL"),
        ("", "blank"),
        ("# nothing\n---\n---\n", "no Kubernetes object"),
        ("apiVersion: v1\nkind: List\nitems: []\n", "no Kubernetes object"),
    ],
)
def test_text_that_cannot_be_judged_is_refused_with_its_line(world: World, text: str, says: str) -> None:
    body = check(send(world, text=text), 422, "validation_failed")
    [error] = body["errors"]
    assert error["path"] == "/text"
    assert says in error["message"]


@pytest.mark.parametrize(
    "document",
    [
        "text",
        5,
        [],
        True,
        {"kind": "Pod"},
        {"apiVersion": "v1", "kind": {}, "metadata": {}},
        {"apiVersion": "v1", "kind": "Pod", "metadata": "x"},
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": 5}, "spec": [1]},
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "x"}, "spec": {"template": 1}},
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "x"}, "spec": "none"},
        {"apiVersion": "v1", "kind": "PodList", "metadata": [], "items": [5]},
        {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "spec": {"names": 5}},
    ],
)
def test_what_cannot_be_judged_is_an_error_beside_the_verdicts_of_the_others(
    world: World, document: Any
) -> None:
    other = config_map(size="1")
    answers = [send(world, text="\n---\n".join(map(json.dumps, (document, other))))]
    if isinstance(document, dict):
        answers.append(send(world, document, other))
    for answer in answers:
        assert answer.status_code == 200, answer.content
        assert not answer.json()["allowed"]
        assert said(answer)["growing"] == "pass"


def test_more_objects_than_are_judged_at_once_are_refused_however_they_are_packed(world: World) -> None:
    many = {"apiVersion": "v1", "kind": "List", "items": [config_map(f"n{n}") for n in range(201)]}
    body = check(send(world, many), 422, "validation_failed")
    assert "200" in body["errors"][0]["message"]


# ------------------------------------------------------------------ requests
def test_an_object_with_an_old_one_is_judged_as_an_update_of_it(world: World) -> None:
    smaller, larger = config_map(size="1"), config_map(size="2")
    assert said(send(world, smaller))["growing"] == "pass"
    assert said(send(world, smaller, old=[larger]))["growing"] == "deny"
    assert said(send(world, larger, old=[smaller]))["growing"] == "pass"
    assert said(send(world, smaller, old=[config_map("other", size="2")]))["growing"] == "pass"


def test_a_deletion_is_judged_as_one(world: World) -> None:
    kept = config_map("kept", size="1")
    assert said(send(world, kept))["kept"] == "pass"
    assert said(send(world, kept, operation="DELETE"))["kept"] == "deny"


def test_the_caller_counts(world: World) -> None:
    it = config_map(size="1")
    assert said(send(world, it))["caller"] == "pass"
    assert said(send(world, it, user={"username": "mallory"}))["caller"] == "deny"
    assert said(send(world, it, user={"username": "eve", "groups": ["x"]}))["caller"] == "deny"
    assert said(send(world, it, user={"username": "eve"}))["caller"] == "pass"


def test_exceptions_count_where_they_are_honoured_and_nowhere_else(world: World) -> None:
    exception = policy_rows.granted(world, policy="replicas")
    here = {"application": "storefront", "instance": "shop-api"}
    answer = send(world, deployment(), **here)
    [found] = [each for each in answer.json()["verdicts"] if each["policy"] == "replicas"]
    assert (found["outcome"], found["exception"]) == ("waived", exception.pk)
    assert found["until"] == exception.expires_at.isoformat()
    assert (answer.json()["allowed"], answer.json()["waived"]) == (True, 1)
    for elsewhere in (
        {},
        {"namespace": "storefront-dev"},
        {"application": "storefront"},
        {"application": "storefront", "instance": "other"},
        {**here, "environment": "production"},
    ):
        assert said(send(world, deployment(), **elsewhere))["replicas"] == "deny"


def test_an_exception_counts_here_until_its_second_and_not_after(world: World, monkeypatch: Any) -> None:
    end = policy_rows.granted(world, policy="replicas").expires_at
    body = {"application": "storefront", "instance": "shop-api"}
    for moment, outcome in ((end - timedelta(seconds=1), "waived"), (end, "deny")):
        monkeypatch.setattr(clock, "now", lambda moment=moment: moment)
        assert said(send(world, deployment(), **body))["replicas"] == outcome


def test_an_exception_for_one_value_does_not_count_without_values(world: World) -> None:
    policy_rows.granted(world, policy="replicas", values_path="/replicas", values_digest="sha256:" + "0" * 64)
    answer = send(world, deployment(), application="storefront", instance="shop-api")
    assert said(answer)["replicas"] == "deny"


def test_an_application_of_another_team_is_unknown(world: World) -> None:
    policy_rows.of_payments(world, policy="replicas", decided_by=world.people["olga"])
    body = check(send(world, deployment(), application="ledger"), 422, "validation_failed")
    assert [(e["path"], e["code"]) for e in body["errors"]] == [("/application", "unknown")]
    assert send(world, deployment(), application="ledger", person="olga").status_code == 200


def test_all_that_is_wrong_is_said_at_once(world: World) -> None:
    nothing, odd = {"apiVersion": "v1", "kind": "List", "items": []}, {"kind": "Pod"}
    wish = {"environment": "nowhere", "instance": "shop-api", "old": [odd]}
    body = check(send(world, nothing, **wish), 422, "validation_failed")
    assert {e["path"] for e in body["errors"]} == {"/environment", "/application", "/documents", "/old/0"}


@pytest.mark.parametrize(
    ("more", "path"),
    [
        ({"operation": "CONNECT"}, "/operation"),
        ({"user": {"groups": []}}, "/user/username"),
        ({"user": {"username": "x", "uid": "1"}}, "/user/uid"),
        ({"namespace": "No"}, "/namespace"),
        ({"namespace": "x", "application": "storefront"}, "/namespace"),
        ({"text": "a: b"}, "/text"),
        ({"documents": []}, "/documents"),
        ({"documents": None}, "/documents"),
        ({"documents": "x"}, "/documents"),
    ],
)
def test_a_wish_that_is_no_such_thing_names_its_place(world: World, more: dict[str, Any], path: str) -> None:
    body = {"environment": "dev", "documents": [config_map()]} | more
    found = check(world.api("alice").post("policies/evaluate/", body), 422, "validation_failed")
    assert [error["path"] for error in found["errors"]] == [path]


def test_neither_documents_nor_text_is_refused(world: World) -> None:
    check(send(world), 422, "validation_failed")
