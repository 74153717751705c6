"""Sessions begin, end and are told apart."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

from django.core.management import call_command

from portal.accounts.models import BrowserSession, User
from portal.audit.models import AuditEvent
from tests.security.conftest import PASSWORD, Browser, Later

NEW = "seven quiet lighthouses"


def signed_in(address: str = "192.0.2.10", agent: str = "Firefox") -> Browser:
    browser = Browser(address, agent)
    assert browser.sign_in("alice").status_code == 302
    return browser


def change_password(
    browser: Browser, current: str = PASSWORD, new: str = NEW, again: str | None = None
) -> Any:
    data = {"current": current, "new": new, "again": new if again is None else again}
    return browser.post("/me/password/", data)


def test_signing_in_gives_another_key_and_the_old_one_is_worth_nothing(alice: User) -> None:
    browser = signed_in()
    first = browser.cookies["sessionid"].value
    browser.post("/sign-in/?close", {"username": "alice", "password": PASSWORD})
    second = browser.cookies["sessionid"].value
    assert first != second
    planted = Browser()
    planted.cookies["sessionid"] = first
    assert not planted.is_signed_in()


def test_a_key_that_somebody_planted_is_not_taken_over(alice: User) -> None:
    browser = Browser()
    browser.cookies["sessionid"] = "planted0planted0planted0planted0"
    browser.sign_in("alice")
    assert browser.cookies["sessionid"].value != "planted0planted0planted0planted0"


def test_the_database_holds_no_key_that_a_browser_could_send(alice: User) -> None:
    key = signed_in().cookies["sessionid"].value
    rows = str(list(BrowserSession.objects.values()))
    assert key not in rows
    assert len(key) >= 32
    thief = Browser()
    thief.cookies["sessionid"] = BrowserSession.objects.get().pk
    assert not thief.is_signed_in()


def test_a_session_ends_when_nothing_was_done_for_a_while(alice: User, later: Later, settings: Any) -> None:
    browser = signed_in()
    for _ in range(3):
        later(timedelta(minutes=settings.SLIPWAY_SESSION_IDLE_MINUTES - 1))
        assert browser.is_signed_in()
    later(timedelta(minutes=settings.SLIPWAY_SESSION_IDLE_MINUTES + 1))
    assert not browser.is_signed_in()


def test_what_a_page_asks_by_itself_keeps_no_session_alive(alice: User, later: Later, settings: Any) -> None:
    browser = signed_in()
    for _ in range(3):
        later(timedelta(minutes=settings.SLIPWAY_SESSION_IDLE_MINUTES / 2))
        browser.get("/changes/1/live/", headers={"HX-Request": "true"})
    assert not browser.is_signed_in()


def test_a_session_ends_for_good_however_busy_it_was(alice: User, later: Later, settings: Any) -> None:
    browser = signed_in()
    minutes = 0
    while minutes + 30 < settings.SLIPWAY_SESSION_HOURS * 60:
        minutes += 30
        later(timedelta(minutes=30))
        assert browser.is_signed_in()
    later(timedelta(minutes=30))
    assert not browser.is_signed_in()


def test_signing_out_ends_the_session_on_the_server(alice: User) -> None:
    browser = signed_in()
    key = browser.cookies["sessionid"].value
    answer = browser.post("/sign-out/")
    assert answer["Clear-Site-Data"] == '"cache", "storage"'
    browser.cookies["sessionid"] = key
    assert not browser.is_signed_in()
    assert not BrowserSession.objects.exists()


def test_signing_out_takes_a_post(alice: User) -> None:
    browser = signed_in()
    assert browser.get("/sign-out/").status_code == 405
    assert browser.is_signed_in()


def test_one_sees_ones_sessions_and_ends_one_of_them(alice: User) -> None:
    here, there = signed_in(), signed_in("198.51.100.9", "Lynx <b>")
    page = here.get("/me/sessions/").content.decode()
    assert "Lynx &lt;b&gt;" in page
    assert "198.51.100.9" in page
    assert "This one" in page
    handle = BrowserSession.objects.get(address="198.51.100.9").handle
    assert here.post(f"/me/sessions/{handle}/end/").status_code == 302
    assert (here.is_signed_in(), there.is_signed_in()) == (True, False)
    event = AuditEvent.objects.get(action="session.ended")
    assert (event.actor_name, event.after) == ("alice", {"sessions": 1})


def test_nobody_ends_the_session_of_somebody_else(alice: User, world: Any) -> None:
    signed_in()
    handle = BrowserSession.objects.get(user__username="alice").handle
    pia = Browser()
    pia.sign_in("pia")
    assert pia.post(f"/me/sessions/{handle}/end/").status_code == 404
    assert BrowserSession.objects.filter(handle=handle).exists()


def test_signing_out_everywhere_else_leaves_only_this_browser(alice: User) -> None:
    here, *others = (signed_in(f"192.0.2.{n}") for n in range(1, 4))
    answer = here.post("/me/sessions/end-others/", follow=True)
    assert "2 other sessions ended" in answer.content.decode()
    assert here.is_signed_in()
    assert not any(each.is_signed_in() for each in others)


def test_changing_the_password_ends_other_sessions_and_says_so(alice: User) -> None:
    here, there = signed_in(), signed_in("198.51.100.9")
    key = here.cookies["sessionid"].value
    assert change_password(here).headers["Location"] == "/me/sessions/"
    assert "1 other session ended" in here.get("/me/sessions/").content.decode()
    assert (here.is_signed_in(), there.is_signed_in()) == (True, False)
    assert here.cookies["sessionid"].value != key
    assert Browser().sign_in("alice").status_code == 422
    assert Browser().sign_in("alice", NEW).status_code == 302
    event = AuditEvent.objects.get(action="password.changed")
    assert (event.actor_name, event.after) == ("alice", {"sessions_ended": 1})


def test_a_closed_account_ends_its_sessions_at_once(alice: User) -> None:
    browser = signed_in()
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert not browser.is_signed_in()


def test_sessions_that_are_over_are_swept_away(alice: User, later: Later) -> None:
    signed_in()
    later(timedelta(days=2))
    signed_in()
    assert BrowserSession.objects.count() == 1


def test_every_page_offers_to_sign_out(alice: User) -> None:
    browser = signed_in()
    for address in ("/", "/changes/", "/me/sessions/", "/me/password/", "/catalog/"):
        assert 'action="/sign-out/"' in browser.get(address).content.decode()


def test_an_administrator_ends_sessions_of_one_or_of_all(alice: User, world: Any) -> None:
    hers, pias = signed_in(), Browser()
    pias.sign_in("pia")
    call_command("person", "sign-out", "alice", stdout=io.StringIO())
    assert (hers.is_signed_in(), pias.is_signed_in()) == (False, True)
    call_command("person", "sign-out", "--everybody", stdout=io.StringIO())
    assert not pias.is_signed_in()
    events = AuditEvent.objects.filter(action="session.ended").order_by("at")
    assert [(event.object_label, event.actor_name) for event in events] == [
        ("alice", "slipway"),
        ("pia", "slipway"),
    ]
