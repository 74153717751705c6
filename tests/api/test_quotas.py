"""Quotas through the API: worked out, raised, decided, and refused with every reason."""

from __future__ import annotations

from tests.api import quota_rows
from tests.api.conftest import World
from tests.api.test_problems import check


def test_a_raise_is_worked_out_asked_for_and_granted(world: World) -> None:
    alice, olga = world.api("alice"), world.api("olga")
    outlook = alice.post("quota-pools/simulate/", quota_rows.wish(world)).json()
    (pods,) = [line for line in outlook["lines"] if line["resource"] == "pods"]
    assert (pods["before"], pods["after"], pods["left"]) == ("100", "200", "200")
    answer = alice.post("quota-raises/", quota_rows.reasoned(world))
    row = answer.json()
    assert (answer.status_code, row["state"]) == (201, "requested")
    assert answer["Location"] == f"/api/v1/quota-raises/{row['id']}/"
    assert row["limits"] == quota_rows.LIMITS | {"pods": "200"}
    granted = olga.post(f"quota-raises/{row['id']}/approve/", {"comment": "There are nodes."}).json()
    assert (granted["state"], granted["decided_by"]) == ("granted", "olga")
    assert alice.get(f"quota-pools/{row['pool']}/").json()["limits"]["pods"] == "200"


def test_a_second_raise_waits_for_nobody(world: World) -> None:
    alice = world.api("alice")
    alice.post("quota-raises/", quota_rows.reasoned(world))
    check(alice.post("quota-raises/", quota_rows.reasoned(world)), 409, "state_conflict")


def test_errors_name_their_place(world: World) -> None:
    quota_rows.pool(world)
    body = {**quota_rows.PLACE, "limits": {"pods": "many", "requests.nvidia.com/gpu": "-1"}, "reason": "x"}
    problem = check(world.api("alice").post("quota-raises/", body), 422, "validation_failed")
    assert [error["path"] for error in problem["errors"]] == [
        "/limits/pods",
        "/limits/requests.nvidia.com~1gpu",
    ]


def test_more_than_it_has_is_not_set_but_raised(world: World) -> None:
    problem = check(
        world.api("pete").post("quota-pools/", quota_rows.reasoned(world)), 422, "validation_failed"
    )
    assert problem["errors"][0]["code"] == "raise"


def test_lists_are_filtered_and_those_of_other_teams_do_not_exist(world: World) -> None:
    quota_rows.asked(world)
    quota_rows.another_raise(world, 1)
    assert world.api("alice").get("quota-raises/?state=requested").json()["count"] == 1
    assert world.api("olga").get("quota-raises/?team=team-1").json()["count"] == 1
    assert world.api("pia").get("quota-pools/").json()["count"] == 0
