"""Exceptions as they are read: filtered, ordered, added up, and shown with what relies on them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from portal.core import clock
from portal.lifecycle.states import ExceptionState
from tests.api import policy_rows
from tests.api.conftest import World
from tests.api.test_problems import check
from tests.factories import ReleaseFactory

ADDRESS = "exceptions/"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"asked", "granted", "over", "elsewhere"}),
        ("state=requested", {"asked", "elsewhere"}),
        ("state=granted&state=requested", {"asked", "granted", "over", "elsewhere"}),
        ("policy=other", {"elsewhere"}),
        ("team=payments", {"elsewhere"}),
        ("application=storefront&environment=dev", {"asked", "granted", "over"}),
        ("environment=production", set()),
        ("honoured=true", {"granted"}),
        ("honoured=false", {"asked", "over", "elsewhere"}),
        ("waiting=true", {"asked", "elsewhere"}),
        ("waiting=false", {"granted", "over"}),
    ],
)
def test_exceptions_are_filtered(world: World, query: str, found: set[str]) -> None:
    now = clock.now()
    past = {"requested_at": now - timedelta(days=9), "decided_at": now - timedelta(days=8)}
    rows = {
        "asked": policy_rows.asked(world),
        "granted": policy_rows.granted(world),
        "over": policy_rows.granted(world, **past, expires_at=now - timedelta(seconds=1)),
        "elsewhere": policy_rows.of_payments(world, policy="other"),
    }
    ids = {row["id"] for row in world.api("audrey").get(f"{ADDRESS}?{query}").json()["results"]}
    assert {name for name, row in rows.items() if row.pk in ids} == found


def test_exceptions_are_ordered_as_asked(world: World) -> None:
    now = clock.now()
    late = policy_rows.asked(world, expires_at=now + timedelta(days=9))
    soon = policy_rows.asked(world, expires_at=now + timedelta(days=1))

    def order(query: str) -> list[int]:
        return [row["id"] for row in world.api("alice").get(f"{ADDRESS}?{query}").json()["results"]]

    assert order("") == order("ordering=-requested_at") == [soon.pk, late.pk]
    assert order("ordering=expires_at") == [soon.pk, late.pk]
    assert order("ordering=-expires_at") == [late.pk, soon.pk]
    check(world.api("alice").get(f"{ADDRESS}?ordering=policy"), 400, "invalid_input")


def test_an_exception_is_honoured_until_its_second_and_not_after(world: World, monkeypatch: Any) -> None:
    exception, alice = policy_rows.granted(world), world.api("alice")
    for moment, honoured in (
        (exception.expires_at - timedelta(seconds=1), True),
        (exception.expires_at, False),
    ):
        monkeypatch.setattr(clock, "now", lambda moment=moment: moment)
        assert alice.get(f"{ADDRESS}{exception.pk}/").json()["honoured"] is honoured
        assert alice.get(f"{ADDRESS}?honoured=true").json()["count"] == int(honoured)


def test_exceptions_of_other_teams_do_not_exist_for_you(world: World) -> None:
    foreign = policy_rows.of_payments(world)
    assert world.api("alice").get(ADDRESS).json()["count"] == 0
    for verb in ("approve", "reject", "withdraw", "revoke"):
        check(world.api("alice").post(f"{ADDRESS}{foreign.pk}/{verb}/", {"comment": "x"}), 404, "not_found")


def test_debt_adds_up_what_one_may_see(world: World) -> None:
    now = clock.now()
    old = {"requested_at": now - timedelta(days=12), "decided_at": now - timedelta(days=10)}
    policy_rows.granted(world, **old)
    policy_rows.of_payments(
        world, policy="other", state=ExceptionState.GRANTED, decided_by=world.people["olga"], **old
    )
    for number in range(4):
        policy_rows.violation(world.instance, number, outcome="waived" if number else "deny")
    debt = world.api("alice").get(f"{ADDRESS}debt/").json()
    assert (debt["days"], debt["standing"], len(debt["weeks"])) == (10.0, 1, 12)
    assert [(line["name"], line["days"]) for line in debt["teams"]] == [("shop", 10.0)]
    assert debt["weeks"][-1]["days"] == 7.0
    assert debt["hints"] == [{"policy": policy_rows.a_policy(), "waived": 3, "found": 4, "share": 0.75}]
    everything = world.api("audrey").get(f"{ADDRESS}debt/").json()
    assert (everything["days"], len(everything["policies"])) == (20.0, 2)


def test_debt_costs_the_same_queries_whatever_there_is(world: World, django_assert_num_queries: Any) -> None:
    alice = world.api("alice")
    for _ in range(12):
        policy_rows.granted(world)
        policy_rows.of_payments(world)
    with django_assert_num_queries(5):
        alice.get(f"{ADDRESS}debt/")


def test_a_release_names_the_exceptions_that_it_relies_on(world: World) -> None:
    exception = policy_rows.granted(world)
    ReleaseFactory(
        instance=world.instance, number=7, exceptions=[exception.pk], created_by=world.people["bob"]
    )
    found = world.api("alice").get(f"instances/{world.instance.pk}/releases/").json()["results"]
    assert {row["number"]: row["exceptions"] for row in found} == {7: [exception.pk], 1: []}


def test_a_change_shows_the_fix_and_the_exception_of_each_verdict(world: World) -> None:
    fix = [{"op": "add", "path": "/spec/replicas", "value": 3}]
    waived = policy_rows.verdict(outcome="waived", exception=5, until="2026-12-01T00:00:00+00:00")
    change = policy_rows.denied(world, policy_rows.verdict(fix=fix), waived)
    first, second = world.api("alice").get(f"changes/{change.pk}/").json()["verdicts"]
    assert (first["fix"], first["exception"], first["until"]) == (fix, None, "")
    assert (second["fix"], second["exception"]) == ([], 5)
    assert second["until"] == "2026-12-01T00:00:00+00:00"


def test_verdicts_that_were_kept_before_there_were_fixes_are_shown_too(world: World) -> None:
    old = policy_rows.verdict().as_dict()
    for name in ("fix", "exception", "until"):
        del old[name]
    change = policy_rows.denied(world)
    type(change).objects.filter(pk=change.pk).update(verdicts=[old])
    [found] = world.api("alice").get(f"changes/{change.pk}/").json()["verdicts"]
    assert (found["fix"], found["exception"], found["until"]) == ([], None, "")
