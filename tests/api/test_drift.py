"""Drift over the API: what is told, and what can be done about it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.core import clock
from portal.lifecycle.models import DriftReport, DriftTolerance, Remedy
from tests.api.conftest import World
from tests.api.drift_rows import OBJECT, at, drifted, tolerated, toleration

pytestmark = pytest.mark.django_db


def test_the_report_names_field_values_writer_and_time(world: World) -> None:
    item = drifted(world.instance)
    answer = world.api("alice").get(at(world)).json()
    assert (answer["status"], answer["summary"], answer["changed"]) == ("drifted", "1 field differs", 1)
    assert (answer["release"], answer["managers"], answer["asked"]) == (1, ["kubectl-edit"], False)
    (found,) = answer["items"]
    assert found["object"] == OBJECT
    assert (found["id"], found["path"], found["how"]) == (item.pk, "spec.replicas", "changed")
    assert (found["sealed"], found["live"], found["manager"]) == (2, 5, "kubectl-edit")
    assert found["tolerance"] is None


def test_what_nobody_has_looked_at_is_not_known(world: World) -> None:
    answer = world.api("alice").get(f"instances/{world.instance.pk}/drift/").json()
    assert (answer["status"], answer["checked_at"], answer["items"]) == ("unknown", None, [])


def test_a_tolerance_is_made_shown_and_ended(world: World) -> None:
    api, item = world.api("alice"), drifted(world.instance)
    made = api.post(at(world, "tolerances/"), toleration(world))
    assert made.status_code == 201
    answer = api.get(at(world)).json()
    assert (answer["status"], answer["changed"], answer["tolerated"]) == ("in_step", 0, 1)
    assert [(each["id"], each["tolerance"]) for each in answer["items"]] == [(item.pk, made.json()["id"])]
    assert answer["tolerances"][0]["created_by"] == "alice"
    assert api.delete(at(world, f"tolerances/{made.json()['id']}/")).status_code == 204
    assert api.get(at(world)).json()["status"] == "drifted"


def test_the_same_tolerance_twice_is_one(world: World) -> None:
    api, body = world.api("alice"), toleration(world)
    first, again = (api.post(at(world, "tolerances/"), body) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    longer = {**body, "until": (clock.now() + timedelta(days=60)).isoformat()}
    assert api.post(at(world, "tolerances/"), longer).json()["code"] == "state_conflict"


def test_what_is_wrong_with_a_tolerance_is_said_at_its_place(world: World) -> None:
    api, body = world.api("alice"), toleration(world)
    later = (clock.now() + timedelta(days=91)).isoformat()
    for sent, path in (
        ({**body, "until": later}, "/until"),
        ({**body, "reason": " "}, "/reason"),
        ({**body, "path": "spec.strategy"}, "/path"),
        ({**body, "until": "soon"}, "/until"),
        ({name: value for name, value in body.items() if name != "object"}, "/object"),
    ):
        answer = api.post(at(world, "tolerances/"), sent)
        assert answer.status_code == 422
        assert [error["path"] for error in answer.json()["errors"]] == [path]


def test_a_tolerance_of_another_instance_is_not_found(world: World) -> None:
    tolerance = tolerated(world)
    path = f"instances/{world.foreign.pk}/drift/tolerances/{tolerance.pk}/"
    assert world.api("pia").delete(path).status_code == 404
    assert DriftTolerance.objects.get(pk=tolerance.pk).ended_at is None


def test_a_revert_is_a_change_and_its_key_makes_it_one(world: World) -> None:
    api, key = world.api("alice"), {"Idempotency-Key": "once"}
    first, again = (api.post(at(world, "revert/"), {"reason": "Why?"}, **key) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    change = first.json()
    assert (change["kind"], change["reason"], change["id"]) == ("remediate", "Why?", again.json()["id"])
    assert first["Location"] == f"/api/v1/changes/{change['id']}/"
    assert Remedy.objects.get(change=change["id"]).does == "revert"
    assert api.post(at(world, "revert/")).json()["code"] == "change_under_way"
    assert api.post(at(world, "revert/"), {"reason": "?"}, **key).json()["code"] == "idempotency_key_reused"


def test_with_nothing_to_do_a_revert_is_refused(world: World) -> None:
    path = f"instances/{world.instance.pk}/drift/revert/"
    assert world.api("alice").post(path).status_code == 409
    drifted(world.instance, "", how="foreign")
    assert "not of the release" in world.api("alice").post(path).json()["detail"]


def test_adopting_says_of_each_item_why_it_cannot_be(world: World) -> None:
    foreign = drifted(world.instance, "", how="foreign")
    answer = world.api("alice").post(at(world, "adopt/"), {"items": [foreign.pk]})
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["path"], error["code"]) == (f"/items/{foreign.pk}", "foreign")
    looked = world.api("alice").post(at(world, "adopt/preview/"), {"items": [foreign.pk]}).json()
    assert looked["answers"][0]["code"] == "foreign"


def test_asking_for_a_look_is_accepted_and_answered_later(world: World) -> None:
    at(world)
    answer = world.api("alice").post(at(world, "scan/"))
    assert (answer.status_code, answer.json()["asked"]) == (202, True)
    DriftReport.objects.filter(pk=world.instance.pk).update(tried_at=clock.now(), checked_at=clock.now())
    assert world.api("alice").get(at(world)).json()["asked"] is False


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["ledger-api", "shop-api"]),
        ("status=drifted", ["ledger-api", "shop-api"]),
        ("status=in_step", []),
        ("team=shop", ["shop-api"]),
        ("environment=dev&application=ledger", ["ledger-api"]),
        ("tolerated=true", []),
        ("tolerated=false&team=payments", ["ledger-api"]),
    ],
)
def test_the_fleet_is_filtered(world: World, query: str, names: list[str]) -> None:
    for instance in (world.instance, world.foreign):
        drifted(instance)
    found = world.api("olga").get(f"drift/?{query}").json()["results"]
    assert [row["name"] for row in found] == names


def test_a_list_shows_what_one_may_see_and_nothing_else(world: World) -> None:
    for instance in (world.instance, world.foreign):
        drifted(instance)
    assert [row["name"] for row in world.api("alice").get("drift/").json()["results"]] == ["shop-api"]
    assert world.api("olga").get("drift/?status=lost").status_code == 400


def test_however_much_has_drifted_a_list_asks_the_database_as_often(world: World) -> None:
    drifted(world.instance)
    world.api("olga").get("drift/")
    few = _queries(world)
    for number in range(5):
        drifted(world.instance, f"spec.field{number}")
    drifted(world.foreign)
    assert _queries(world) == few


def _queries(world: World) -> int:
    api: Any = world.api("olga")
    with CaptureQueriesContext(connection) as found:
        assert api.get("drift/").status_code == 200
    return len(found)
