"""Windows over the API: set, listed with what comes next, and what the environment says of itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from portal.core import clock
from portal.environments.models import Window
from tests.api.conftest import World
from tests.api.test_problems import check
from tests.api.test_roles import FREEZE
from tests.environments.window_oracle import utc
from tests.factories import WindowFactory

NOW = utc(2026, 11, 25, 14)
HOURS = {
    "kind": "opening",
    "reason": "Somebody is at work",
    "time_zone": "Europe/Berlin",
    "rrule": "freq=weekly;byday=mo,tu,we,th",
    "first_day": "2026-11-02",
    "start_time": "09:00",
    "minutes": 480,
}


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> datetime:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    return NOW


def state(world: World) -> Any:
    return world.api("alice").get("environments/dev/").json()["window"]


def test_an_environment_without_windows_is_open(world: World) -> None:
    expected = {"open": True, "reason": "", "ends": None, "next_opening": None, "time_zone": "UTC"}
    assert state(world) == expected


def test_opening_hours_are_set_and_the_environment_says_until_when_it_is_open(world: World) -> None:
    answer = world.api("pete").post("environments/dev/windows/", HOURS)
    assert answer.status_code == 201
    window = answer.json()
    assert (window["rrule"], window["saved_by"]) == ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH", "pete")
    assert window["next"] == {"start": "2026-11-25T08:00:00Z", "end": "2026-11-25T16:00:00Z"}
    assert state(world) == {
        "open": True,
        "reason": "Somebody is at work",
        "ends": "2026-11-25T16:00:00Z",
        "next_opening": None,
        "time_zone": "Europe/Berlin",
    }
    assert world.api("audrey").get("environments/dev/windows/").json()["results"] == [window]
    assert world.api("audrey").get("environments/production/windows/").json()["results"] == []


def test_a_freeze_says_when_it_opens_again(world: World) -> None:
    now = {"starts_at": "2026-11-25T14:00:00+01:00", "ends_at": "2026-11-27T09:00:00+01:00"}
    world.api("pete").post("environments/dev/windows/", FREEZE | now)
    found = state(world)
    assert (found["open"], found["reason"]) == (False, "Stock-taking.")
    assert found["next_opening"] == found["ends"] == "2026-11-27T08:00:00Z"


def test_a_window_is_changed_in_part_and_removed(world: World) -> None:
    pete = world.api("pete")
    address = f"environments/dev/windows/{pete.post('environments/dev/windows/', HOURS).json()['id']}/"
    changed = pete.call("PATCH", address, {"minutes": 540, "until": "2027-12-31"}).json()
    assert (changed["minutes"], changed["until"], changed["rrule"]) == (
        540,
        "2027-12-31",
        Window.objects.get().rrule,
    )
    assert pete.delete(address).status_code == 204
    check(pete.delete(address), 404, "not_found")
    assert state(world)["open"]


def test_a_window_is_found_only_in_its_environment(world: World) -> None:
    elsewhere = WindowFactory(environment=world.production)
    check(world.api("pete").delete(f"environments/dev/windows/{elsewhere.pk}/"), 404, "not_found")
    check(world.api("pete").post("environments/moon/windows/", FREEZE), 404, "not_found")
    check(world.api("alice").get("environments/moon/windows/"), 404, "not_found")


@pytest.mark.parametrize(
    ("body", "path", "code"),
    [
        (FREEZE | {"starts_at": "2090-01-01T00:00:00"}, "/starts_at", "no_offset"),
        (FREEZE | {"ends_at": "0001-01-01T00:00:00+14:00"}, "/ends_at", "overflow"),
        (FREEZE | {"ends_at": "9999-12-31T23:59:59-12:00"}, "/ends_at", "overflow"),
        (FREEZE | {"ends_at": FREEZE["starts_at"]}, "/ends_at", "invalid"),
        (FREEZE | {"time_zone": "Mars/Olympus"}, "/time_zone", "unknown"),
        (FREEZE | {"reason": ""}, "/reason", "blank"),
        (FREEZE | {"kind": "party"}, "/kind", "invalid_choice"),
        (FREEZE | {"colour": "blue"}, "/colour", "unknown"),
        (HOURS | {"minutes": 0}, "/minutes", "min_value"),
        (HOURS | {"minutes": 10_081}, "/minutes", "max_value"),
        (HOURS | {"rrule": "FREQ=SECONDLY"}, "/rrule", "invalid"),
        (HOURS | {"rrule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}, "/rrule", "never"),
        (HOURS | {"start_time": "09:00:01"}, "/start_time", "invalid"),
        (HOURS | {"until": "2026-11-01"}, "/until", "invalid"),
        (HOURS | {"starts_at": "2090-01-01T00:00:00Z"}, "/starts_at", "invalid"),
        (HOURS | {"first_day": None}, "/first_day", "required"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(
    world: World, body: dict[str, Any], path: str, code: str
) -> None:
    answer = check(world.api("pete").post("environments/dev/windows/", body), 422, "validation_failed")
    assert (path, code) in {(each["path"], each["code"]) for each in answer["errors"]}
    assert not Window.objects.exists()
