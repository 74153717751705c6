"""Asking, following and deciding, through the front door."""

from __future__ import annotations

from typing import Any

import pytest

from portal.audit.models import AuditEvent
from portal.core import clock
from portal.lifecycle.models import ChangeRequest, ServiceInstance
from portal.lifecycle.states import ChangeState
from tests.api.conftest import Api, World
from tests.api.test_problems import check
from tests.factories import platform
from tests.fixtures.organisation import Organisation


def retire(world: World) -> dict[str, Any]:
    ServiceInstance.objects.filter(pk=world.instance.pk).update(retirement_announced_at=clock.now())
    return {"kind": "retire", "instance": world.instance.pk, "confirm": "shop-api", "reason": "Not needed."}


# ------------------------------------------------------------------ idempotency
def test_the_same_key_and_body_is_the_same_change(world: World) -> None:
    alice, body = world.api("alice"), retire(world)
    first = alice.post("changes/", body, **{"Idempotency-Key": "k-1"})
    again = alice.post("changes/", dict(reversed(body.items())), **{"Idempotency-Key": "k-1"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    assert first["Location"] == again["Location"] == f"/api/v1/changes/{first.json()['id']}/"
    assert ChangeRequest.objects.filter(kind="retire").count() == 1


def test_the_same_key_with_another_body_is_a_conflict(world: World) -> None:
    alice, body = world.api("alice"), retire(world)
    assert alice.post("changes/", body, **{"Idempotency-Key": "k-1"}).status_code == 201
    again = alice.post("changes/", body | {"reason": "Another."}, **{"Idempotency-Key": "k-1"})
    check(again, 409, "idempotency_key_reused")


def test_a_key_answers_also_when_the_change_has_ended(world: World) -> None:
    """A client that lost the answer may ask much later: the wish itself would be refused by then."""
    alice, body = world.api("alice"), retire(world)
    first = alice.post("changes/", body, **{"Idempotency-Key": "k-1"}).json()
    ChangeRequest.objects.filter(pk=first["id"]).update(state=ChangeState.SUCCEEDED)
    ServiceInstance.objects.filter(pk=world.instance.pk).update(retired_at=clock.now())
    again = alice.post("changes/", body, **{"Idempotency-Key": "k-1"})
    assert (again.status_code, again.json()["id"]) == (200, first["id"])


def test_keys_are_everybodys_own(world: World) -> None:
    body = retire(world)
    assert world.api("alice").post("changes/", body, **{"Idempotency-Key": "k-1"}).status_code == 201
    check(world.api("bob").post("changes/", body, **{"Idempotency-Key": "k-1"}), 409, "change_under_way")


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 201, "ключ", "\x7f"])
def test_keys_that_are_none(world: World, key: str) -> None:
    check(
        world.api("alice").post("changes/", retire(world), **{"Idempotency-Key": key}), 400, "invalid_input"
    )
    assert not ChangeRequest.objects.filter(kind="retire").exists()


def test_without_a_key_a_second_click_is_a_conflict(world: World) -> None:
    alice, body = world.api("alice"), retire(world)
    assert alice.post("changes/", body).status_code == 201
    check(alice.post("changes/", body), 409, "change_under_way")


# ------------------------------------------------------------------ reading
def test_a_change_shows_all_that_a_decision_needs(world: World) -> None:
    seen = world.api("olga").get(f"changes/{world.waiting.pk}/").json()
    assert seen["digest"] == world.waiting.release.digest == seen["release"]["digest"]
    assert seen["waiting_on"] == "an operator"
    assert seen["waiting"]["who"] == ["olga"]
    assert seen["approvals_required"] == 1
    assert [step["key"] for step in seen["steps"]][:3] == ["asked", "judged", "approved"]
    assert {name: seen[name] for name in ("team", "application", "environment", "name")} == {
        "team": "shop",
        "application": "storefront",
        "environment": "production",
        "name": "shop-api",
    }


def test_the_diff_is_by_object_and_field(world: World) -> None:
    diff = world.api("olga").get(f"changes/{world.waiting.pk}/diff/").json()
    assert [(item["object"]["kind"], item["change"]) for item in diff] == [
        ("Deployment", "changed"),
        ("Secret", "same"),
    ]
    assert diff[0]["fields_changed"] == [{"path": "spec.replicas", "old": 2, "new": 3}]
    assert "+  replicas: 3" in diff[0]["text"]


def test_a_log_is_followed_line_by_line(world: World) -> None:
    alice, url = world.api("alice"), f"changes/{world.change.pk}/log/"
    everything = alice.get(url).json()
    assert [line["text"] for line in everything["lines"]] == ["line 0", "line 1", "line 2"]
    assert everything["ended"] is True
    rest = alice.get(f"{url}?after={everything['lines'][0]['id']}").json()
    assert [line["text"] for line in rest["lines"]] == ["line 1", "line 2"]
    nothing = alice.get(f"{url}?after={everything['next_after']}").json()
    assert (nothing["lines"], nothing["next_after"]) == ([], everything["next_after"])
    ChangeRequest.objects.filter(pk=world.change.pk).update(state=ChangeState.RUNNING)
    assert alice.get(url).json()["ended"] is False


@pytest.mark.parametrize("after", ["-1", "x", "", "1.5", "9" * 30])
def test_a_log_position_that_is_none(world: World, after: str) -> None:
    check(world.api("alice").get(f"changes/{world.change.pk}/log/?after={after}"), 400, "invalid_input")


# ------------------------------------------------------------------ deciding
def test_an_operator_approves_what_was_sealed(world: World) -> None:
    olga, url = world.api("olga"), f"changes/{world.waiting.pk}/"
    wrong = olga.post(f"{url}approve/", {"digest": "sha256:" + "0" * 64})
    check(wrong, 409, "release_changed")
    done = olga.post(f"{url}approve/", {"digest": world.waiting.seal, "comment": "Good."})
    assert (done.status_code, done.json()["state"]) == (200, "queued")
    assert [(a["actor"], a["decision"]) for a in done.json()["approvals"]] == [("olga", "approved")]
    check(olga.post(f"{url}approve/", {"digest": world.waiting.seal}), 409, "state_conflict")


def test_a_rejection_needs_a_reason(world: World) -> None:
    olga, url = world.api("olga"), f"changes/{world.waiting.pk}/reject/"
    silent = check(olga.post(url, {"digest": world.waiting.seal}), 422, "validation_failed")
    assert silent["errors"][0]["path"] == "/comment"
    done = olga.post(url, {"digest": world.waiting.seal, "comment": "Not on a Friday."})
    assert done.json()["state"] == "rejected"


@pytest.mark.parametrize("digest", ["", "sha256:", "sha256:" + "g" * 64, "0" * 64, None, 5, ["sha256"]])
def test_a_decision_names_a_digest(world: World, digest: Any) -> None:
    answer = world.api("olga").post(f"changes/{world.waiting.pk}/approve/", {"digest": digest})
    assert check(answer, 422, "validation_failed")["errors"][0]["path"] == "/digest"


def test_who_asked_cannot_approve_and_the_attempt_is_audited(world: World) -> None:
    answer = world.api("alice").post(f"changes/{world.waiting.pk}/approve/", {"digest": world.waiting.seal})
    check(answer, 403, "not_permitted")
    event = AuditEvent.objects.get(action="decision.refused")
    assert (event.actor_name, event.source) == ("alice", "api")
    assert event.request_id == answer.json()["request_id"]


def test_a_service_account_cannot_decide_whatever_its_role(world: World) -> None:
    world.people["robot"] = platform("robot", "operator")
    world.people["robot"].is_service_account = True
    world.people["robot"].save()
    answer = world.api("robot").post(f"changes/{world.waiting.pk}/approve/", {"digest": world.waiting.seal})
    check(answer, 403, "not_permitted")
    assert world.api("robot").get("me/").json()["awaiting_decision"] == 0


def test_a_change_is_cancelled_once(world: World) -> None:
    alice, url = world.api("alice"), f"changes/{world.waiting.pk}/cancel/"
    assert alice.post(url, {"comment": "A mistake."}).json()["state"] == "cancelled"
    check(alice.post(url), 409, "state_conflict")


# ------------------------------------------------------------------ retiring in two steps
def test_retiring_is_announced_first_and_can_be_withdrawn(world: World) -> None:
    alice, url = world.api("alice"), f"instances/{world.instance.pk}/announce-retirement/"
    wish = {"kind": "retire", "instance": world.instance.pk, "confirm": "shop-api"}
    check(alice.post("changes/", wish), 409, "retirement_not_announced")
    announced = alice.post(url).json()
    assert announced["announced_at"]
    assert "1 Deployment" in announced["consequences"][0]
    wrong = alice.post("changes/", wish | {"confirm": "shop"})
    assert check(wrong, 422, "validation_failed")["errors"][0]["path"] == "/confirm"
    assert alice.delete(url).status_code == 204
    check(alice.post("changes/", wish), 409, "retirement_not_announced")
    alice.post(url)
    assert alice.post("changes/", wish).json()["state"] == "queued"


# ------------------------------------------------------------------ with the real catalog, policies and helm
NAMESPACE = {"application": "storefront", "environment": "dev", "offering": "namespace", "plan": "small"}


def test_a_preview_says_everything_and_writes_nothing(organisation: Organisation) -> None:
    seen = Api(organisation.alice).post("previews/", NAMESPACE)
    assert seen.status_code == 200, seen.content
    draft = seen.json()
    assert (draft["allowed"], draft["errors"], draft["problems"]) == (True, [], [])
    assert {item["kind"] for item in draft["objects"]} >= {"Namespace", "ResourceQuota", "NetworkPolicy"}
    assert {item["change"] for item in draft["diff"]} == {"added"}
    assert not ChangeRequest.objects.exists()
    assert not ServiceInstance.objects.exists()


def test_schema_errors_come_all_at_once(organisation: Organisation) -> None:
    body = NAMESPACE | {"values": {"nonsense": True, "quota": "much"}}
    alice = Api(organisation.alice)
    refused = check(alice.post("changes/", body), 422, "validation_failed")
    assert len(refused["errors"]) >= 2
    assert all(error["path"].startswith("/values") for error in refused["errors"])
    assert alice.post("previews/", body).json()["errors"] == refused["errors"]
    assert not ChangeRequest.objects.exists()


def test_a_namespace_is_asked_for_and_sealed(organisation: Organisation) -> None:
    alice = Api(organisation.alice)
    asked = alice.post("changes/", NAMESPACE, **{"Idempotency-Key": "once"})
    assert asked.status_code == 201, asked.content
    change = asked.json()
    assert (change["state"], change["name"], change["plan"]) == ("queued", "storefront-dev", "small")
    assert change["release"]["digest"].startswith("sha256:")
    instance = alice.get(f"instances/{change['instance']}/").json()
    assert (instance["active_change"], instance["current_release"]) == (change["id"], None)
    check(alice.get(f"instances/{change['instance']}/manifests/"), 404, "not_found")
    assert alice.get(f"instances/{change['instance']}/objects/").json() == []


def test_a_denied_change_gives_every_reason_and_is_kept(organisation: Organisation) -> None:
    alice = Api(organisation.alice)
    namespace = ChangeRequest.objects.get(pk=alice.post("changes/", NAMESPACE).json()["id"])
    namespace.instance.current_release = namespace.release  # as a worker leaves it
    namespace.instance.save()
    ChangeRequest.objects.filter(pk=namespace.pk).update(state=ChangeState.SUCCEEDED)
    body = {
        "application": "storefront",
        "environment": "dev",
        "offering": "web-service",
        "name": "shop-root",
        "values": {
            "image": {"repository": "registry.example.com/shop/storefront", "tag": "latest"},
            "securityContext": {"privileged": True, "allowPrivilegeEscalation": True},
        },
    }
    refused = check(alice.post("changes/", body), 422, "policy_denied")
    assert len({verdict["policy"] for verdict in refused["verdicts"]}) >= 2
    assert all(verdict["message"] and verdict["remediation"] for verdict in refused["verdicts"])
    kept = alice.get(f"changes/{refused['change']}/").json()
    assert (kept["state"], kept["instance"], kept["release"], kept["waiting"]) == ("denied", None, None, None)
    assert {verdict["outcome"] for verdict in kept["verdicts"]} >= {"deny", "pass"}
    assert alice.get(f"changes/{refused['change']}/diff/").json() == []
    draft = alice.post("previews/", body).json()
    assert (draft["allowed"], draft["denied"]) == (False, len(refused["verdicts"]))
    assert alice.get("instances/").json()["count"] == 1


def test_policies_are_listed_with_their_reason_and_judge_objects_of_ones_own(world: World) -> None:
    alice = world.api("alice")
    listed = alice.get("policies/?page_size=200").json()["results"]
    assert all(row["title"] and row["remediation"] and row["rules"] and row["bindings"] for row in listed)
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "try"},
        "spec": {
            "containers": [
                {"name": "c", "image": "docker.io/x:latest", "securityContext": {"privileged": True}}
            ]
        },
    }
    judged = alice.post("policies/evaluate/", {"environment": "dev", "documents": [pod]}).json()
    blocking = {verdict["policy"] for verdict in judged["verdicts"] if verdict["outcome"] == "deny"}
    assert not judged["allowed"]
    assert len(blocking) >= 2
    assert blocking <= {row["name"] for row in listed}
    name = blocking.pop()
    assert alice.get(f"policies/{name}/").json()["document"]["metadata"]["name"] == name
    check(alice.get("policies/no-such-policy/"), 404, "not_found")


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"environment": "nowhere", "documents": [{"kind": "Pod"}]}, "/environment"),
        ({"environment": "dev", "documents": []}, "/documents"),
        ({"environment": "dev", "documents": "all"}, "/documents"),
        ({"environment": "dev", "documents": [1]}, "/documents/0"),
        ({"environment": "dev", "documents": [{}]}, "/documents/0"),
        ({"environment": "dev", "documents": [{"kind": "Pod"}] * 201}, "/documents"),
        ({"documents": [{"kind": "Pod"}]}, "/environment"),
    ],
)
def test_what_cannot_be_evaluated(world: World, body: dict[str, Any], path: str) -> None:
    answer = world.api("alice").post("policies/evaluate/", body)
    assert check(answer, 422, "validation_failed")["errors"][0]["path"] == path


@pytest.mark.parametrize(
    "document",
    [{"kind": "Pod"}, {"apiVersion": 1, "kind": []}, {"apiVersion": "v1", "kind": "Pod", "spec": "x"}],
)
def test_documents_that_are_no_objects_are_denied_not_an_error(world: World, document: Any) -> None:
    answer = world.api("alice").post("policies/evaluate/", {"environment": "dev", "documents": [document]})
    assert answer.status_code == 200, answer.content
    assert answer.json()["allowed"] is False
