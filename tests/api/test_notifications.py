"""One's own notices over the API."""

from __future__ import annotations

from typing import Any

import pytest

from portal.audit import inbox
from portal.audit.notifying import notify
from portal.audit.recording import record
from tests.api.conftest import World
from tests.api.test_problems import check


def tell(world: World, name: str, key: str, *, urgent: bool = False) -> str:
    event = record("change.requested", world.change, actor=world.people["alice"])
    about = {"topic": "change.waiting", "text": f"{key} waits.", "url": "/changes/", "event": event}
    return str(notify([world.people[name]], **about, key=key, urgent=urgent)[0].pk)


def keys(page: dict[str, Any]) -> list[str]:
    return [row["text"].split()[0] for row in page["results"]]


def test_a_notice_says_what_where_and_when(world: World) -> None:
    told = tell(world, "olga", "Storefront", urgent=True)
    row = world.api("olga").get(f"me/notifications/{told}/").json()
    assert {name: row[name] for name in ("id", "topic", "text", "url", "urgent", "read_at")} == {
        "id": told,
        "topic": "change.waiting",
        "text": "Storefront waits.",
        "url": "/changes/",
        "urgent": True,
        "read_at": None,
    }
    assert world.api("olga").get(f"audit/{row['event']}/").json()["action"] == "change.requested"


def test_lists_are_ones_own_the_newest_first_and_filtered(world: World) -> None:
    olga = world.api("olga")
    for key in ("first", "second", "third"):
        tell(world, "olga", key, urgent=key == "second")
    tell(world, "alice", "other")
    assert keys(olga.get("me/notifications/").json()) == ["third", "second", "first"]
    assert keys(olga.get("me/notifications/?urgent=true").json()) == ["second"]
    assert keys(olga.get("me/notifications/?topic=gate.passed").json()) == []
    unread = olga.get("me/notifications/?unread=true").json()["results"][0]["id"]
    assert olga.post(f"me/notifications/{unread}/read/").json()["read_at"]
    assert keys(olga.get("me/notifications/?unread=true").json()) == ["second", "first"]
    assert keys(olga.get("me/notifications/?unread=false").json()) == ["third"]


def test_they_are_followed_by_cursor(world: World) -> None:
    for number in range(7):
        tell(world, "olga", f"n{number}")
    seen, url = [], "me/notifications/?page_size=3"
    while url:
        page = world.api("olga").get(url).json()
        seen += keys(page)
        url = page["next"]
    assert seen == [f"n{number}" for number in reversed(range(7))]


def test_reading_twice_changes_nothing(world: World) -> None:
    told, olga = tell(world, "olga", "Storefront"), world.api("olga")
    first = olga.post(f"me/notifications/{told}/read/").json()["read_at"]
    assert olga.post(f"me/notifications/{told}/read/").json()["read_at"] == first


def test_all_are_read_until_a_moment(world: World) -> None:
    olga = world.api("olga")
    tell(world, "olga", "before")
    until = olga.get("me/notifications/").json()["results"][0]["created_at"]
    tell(world, "olga", "after")
    assert olga.post("me/notifications/read-all/", {"until": until}).json() == {"marked": 1}
    assert olga.post("me/notifications/read-all/").json() == {"marked": 1}
    assert inbox.unread_of(world.people["olga"]).count == 0


@pytest.mark.parametrize("body", [{"until": "yesterday"}, {"untill": "2026-01-01T00:00:00Z"}])
def test_a_slip_marks_nothing(world: World, body: dict[str, str]) -> None:
    tell(world, "olga", "Storefront")
    check(world.api("olga").post("me/notifications/read-all/", body), 422, "validation_failed")
    assert inbox.unread_of(world.people["olga"]).count == 1


def test_what_comes_by_email_is_chosen(world: World) -> None:
    olga, path = world.api("olga"), "me/notification-preference/"
    assert olga.get(path).json() == {"email": "urgent"}
    assert olga.call("PUT", path, {"email": "none"}).json() == {"email": "none"}
    assert olga.get(path).json() == {"email": "none"}
    assert world.api("pete").get(path).json() == {"email": "urgent"}
    check(olga.call("PUT", path, {"email": "sometimes"}), 422, "validation_failed")


@pytest.mark.parametrize("unknown", ["00000000-0000-0000-0000-000000000007", "-" * 36])
def test_an_unknown_notice_is_not_found(world: World, unknown: str) -> None:
    check(world.api("olga").get(f"me/notifications/{unknown}/"), 404, "not_found")
