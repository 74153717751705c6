"""Exceptions through the API: asked for by one person, decided by another, ended for all."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from portal.accounts.models import Membership, PlatformRole
from portal.audit.models import AuditEvent
from portal.core import clock
from portal.core.objects import ObjectKey
from portal.lifecycle.models import PolicyException
from portal.lifecycle.states import ExceptionState
from tests.api import policy_rows
from tests.api.conftest import World
from tests.api.test_problems import check

ADDRESS = "exceptions/"
WEB, WORKER = (ObjectKey("apps/v1", "Deployment", "storefront-dev", name) for name in ("web", "worker"))


def wish(world: World, **other: Any) -> dict[str, Any]:
    change = policy_rows.denied(world, policy_rows.verdict(key=WEB))
    about = {"change": change.pk, "policy": policy_rows.a_policy()}
    return {**about, "reason": "It takes until next week.", "days": 5} | other


def decide(world: World, person: str, exception: PolicyException, verb: str, **body: Any) -> Any:
    return world.api(person).post(f"{ADDRESS}{exception.pk}/{verb}/", body)


# ------------------------------------------------------------------ asking
def test_an_exception_is_asked_for_on_a_denied_change(world: World) -> None:
    answer = world.api("alice").post(ADDRESS, wish(world))
    assert answer.status_code == 201
    row = answer.json()
    assert answer["Location"] == f"/api/v1/{ADDRESS}{row['id']}/"
    assert (row["state"], row["honoured"], row["severity"]) == ("requested", False, "high")
    assert (row["kind"], row["name"], row["instance"]) == ("Deployment", "web", "shop-api")
    assert (row["team"], row["application"], row["environment"]) == ("shop", "storefront", "dev")
    assert "Deployment/web" in row["scope"]
    assert row["namespace"] == "storefront-dev"
    assert (row["requested_by"], row["message"]) == ("alice", "Not like this.")
    assert "operator" in row["why_may_not_decide"]
    assert world.api("alice").get(answer["Location"]).json() == row
    event = AuditEvent.objects.get(action="exception.requested")
    assert (event.actor_name, event.source) == ("alice", "api")


def test_an_exception_is_asked_for_on_what_runs(world: World) -> None:
    policy_rows.violation(world.instance, name="web", outcome="warn")
    body = wish(world, instance=world.instance.pk, scope="namespace")
    del body["change"]
    row = world.api("bob").post(ADDRESS, body).json()
    assert (row["instance"], row["kind"], row["change"]) == ("", "", None)


def test_an_exception_for_one_value_keeps_its_digest_and_never_the_value(world: World) -> None:
    narrow = {"values_path": "/image/tag", "value": "hunter2", "scope": "instance"}
    answer = world.api("alice").post(ADDRESS, wish(world, **narrow))
    assert answer.json()["values_path"] == "/image/tag"
    assert "hunter2" not in answer.content.decode()
    assert "hunter2" not in str(PolicyException.objects.values())


def test_a_value_may_be_null_but_not_left_out(world: World) -> None:
    narrow = {"values_path": "/image/tag", "scope": "instance"}
    found = check(world.api("alice").post(ADDRESS, wish(world, **narrow)), 422, "validation_failed")
    assert [error["path"] for error in found["errors"]] == ["/value"]
    assert world.api("alice").post(ADDRESS, wish(world, **narrow, value=None)).status_code == 201


@pytest.mark.parametrize(
    ("other", "paths"),
    [
        ({"policy": "absent"}, {"/policy"}),
        ({"days": 31}, {"/days"}),
        ({"days": 0}, {"/days"}),
        ({"days": "soon"}, {"/days"}),
        ({"days": None, "reason": " ", "scope": "all"}, {"/days", "/reason", "/scope"}),
        ({"name": "api", "days": 10_000}, {"/name", "/days"}),
        ({"values_path": "image", "value": 1}, {"/values_path"}),
        ({"values_path": "/image", "value": 1, "scope": "namespace"}, {"/scope"}),
        ({"instance": 1}, {"/change"}),
        ({"change": "many"}, {"/change"}),
        ({"expires_at": "2030-01-01T00:00:00Z"}, {"/expires_at"}),
        ({"requested_by": "bob"}, {"/requested_by"}),
    ],
)
def test_a_wish_for_an_exception_is_refused_with_every_reason(
    world: World, other: dict[str, Any], paths: set[str]
) -> None:
    found = check(world.api("alice").post(ADDRESS, wish(world, **other)), 422, "validation_failed")
    assert {error["path"] for error in found["errors"]} == paths
    assert not PolicyException.objects.exists()


def test_where_several_objects_were_refused_one_is_named(world: World) -> None:
    verdicts = [policy_rows.verdict(key=key) for key in (WEB, WORKER)]
    body = wish(world, change=policy_rows.denied(world, *verdicts).pk)
    found = check(world.api("alice").post(ADDRESS, body), 422, "validation_failed")
    assert "Deployment/worker" in found["errors"][0]["message"]
    assert world.api("alice").post(ADDRESS, body | {"name": "worker"}).json()["name"] == "worker"


def test_the_same_thing_is_not_asked_twice(world: World) -> None:
    body = wish(world)
    assert world.api("alice").post(ADDRESS, body).status_code == 201
    check(world.api("bob").post(ADDRESS, body), 409, "state_conflict")


def test_nobody_asks_on_what_they_do_not_see_or_do_not_own(world: World) -> None:
    pia, body = world.api("pia"), wish(world)
    check(pia.post(ADDRESS, body), 404, "not_found")
    del body["change"]
    check(pia.post(ADDRESS, body | {"instance": world.instance.pk}), 404, "not_found")
    check(world.api("olga").post(ADDRESS, wish(world)), 403, "not_permitted")
    assert not PolicyException.objects.exists()


# ------------------------------------------------------------------ deciding
def test_who_may_decide_sees_no_reason_against_it_and_grants_it(world: World) -> None:
    exception = policy_rows.asked(world)
    assert world.api("olga").get(f"{ADDRESS}{exception.pk}/").json()["why_may_not_decide"] is None
    sooner = (clock.now() + timedelta(days=1)).replace(microsecond=0)
    answer = decide(world, "olga", exception, "approve", comment="Go on.", expires_at=sooner.isoformat())
    assert answer.status_code == 200
    row = answer.json()
    assert (row["state"], row["honoured"], row["decided_by"]) == ("granted", True, "olga")
    assert (row["comment"], row["why_may_not_decide"]) == ("Go on.", "It does not wait for a decision.")
    exception.refresh_from_db()
    assert exception.expires_at == sooner


@pytest.mark.parametrize("verb", ["approve", "reject"])
@pytest.mark.parametrize("role", ["operator", "platform_engineer"])
def test_nobody_decides_on_their_own_whatever_they_are_made_later(world: World, role: str, verb: str) -> None:
    exception = policy_rows.asked(world)
    alice = world.people["alice"]
    PlatformRole.objects.create(user=alice, role=role)
    Membership.objects.filter(user=alice).delete()
    body = check(decide(world, "alice", exception, verb, comment="Fine with me."), 403, "not_permitted")
    assert "yourself" in body["detail"]
    seen = world.api("alice").get(f"{ADDRESS}{exception.pk}/").json()
    assert seen["why_may_not_decide"] == body["detail"]
    exception.refresh_from_db()
    assert exception.state == ExceptionState.REQUESTED
    assert AuditEvent.objects.filter(action="decision.refused", actor_name="alice").count() == 1


def test_who_asked_for_the_change_does_not_decide_what_another_asked_for_it(world: World) -> None:
    body = wish(world)  # the change is alice's
    exception = PolicyException.objects.get(pk=world.api("bob").post(ADDRESS, body).json()["id"])
    PlatformRole.objects.create(user=world.people["alice"], role="operator")
    check(decide(world, "alice", exception, "approve"), 403, "not_permitted")


def test_of_two_decisions_the_second_is_too_late(world: World) -> None:
    exception = policy_rows.asked(world)
    assert decide(world, "olga", exception, "reject", comment="Mirror it.").status_code == 200
    check(decide(world, "pete", exception, "approve"), 409, "state_conflict")
    check(decide(world, "alice", exception, "withdraw"), 409, "state_conflict")
    check(decide(world, "olga", exception, "revoke", comment="No."), 409, "state_conflict")


def test_a_request_whose_end_has_passed_is_too_late_to_grant(world: World, monkeypatch: Any) -> None:
    exception = policy_rows.asked(world)
    monkeypatch.setattr(clock, "now", lambda: exception.expires_at)
    check(decide(world, "olga", exception, "approve"), 409, "state_conflict")


@pytest.mark.parametrize(
    ("verb", "body", "path"),
    [
        ("reject", {}, "/comment"),
        ("reject", {"comment": "  "}, "/comment"),
        ("approve", {"expires_at": "yesterday"}, "/expires_at"),
        ("approve", {"expires_at": "2020-01-01T00:00:00Z"}, "/expires_at"),
        ("approve", {"state": "granted"}, "/state"),
    ],
)
def test_a_decision_that_lacks_something_is_refused(
    world: World, verb: str, body: dict[str, Any], path: str
) -> None:
    exception = policy_rows.asked(world)
    found = check(decide(world, "olga", exception, verb, **body), 422, "validation_failed")
    assert [error["path"] for error in found["errors"]] == [path]
    exception.refresh_from_db()
    assert exception.state == ExceptionState.REQUESTED


def test_who_asked_may_take_it_back_and_the_team_may_end_it(world: World) -> None:
    row = decide(world, "bob", policy_rows.asked(world), "withdraw", comment="Mirrored.").json()
    assert (row["state"], row["ended_by"]) == ("withdrawn", "bob")
    row = decide(world, "bob", policy_rows.granted(world), "revoke", comment="Mirrored.").json()
    assert (row["state"], row["honoured"], row["end_reason"]) == ("revoked", False, "Mirrored.")
