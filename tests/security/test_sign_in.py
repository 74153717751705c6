"""Guessing passwords is slow, and nobody is locked out by it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import hashers
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.accounts import throttling
from portal.accounts.addresses import address_of
from portal.accounts.models import SignInCount, User
from portal.audit.models import AuditEvent
from portal.core.errors import TooManyAttempts
from tests.security.conftest import PASSWORD, Browser, Later

MINUTE = timedelta(minutes=1)


def guess(browser: Browser, times: int, name: str = "alice") -> list[int]:
    return [browser.sign_in(name, "wrong").status_code for _ in range(times)]


def test_after_some_wrong_passwords_even_the_right_one_has_to_wait(alice: User, later: Later) -> None:
    stranger = Browser()
    assert guess(stranger, 6) == [422] * 5 + [429]
    refused = stranger.sign_in("alice")
    assert refused.status_code == 429
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert f"Try again in {refused['Retry-After']} second" in refused.content.decode()
    assert 'value="alice"' in refused.content.decode()
    later(MINUTE)
    assert stranger.sign_in("alice").status_code == 302


def test_nobody_waits_longer_than_a_minute_however_often_somebody_guessed(alice: User, later: Later) -> None:
    waits = []
    for _ in range(20):
        answer = Browser().sign_in("alice", "wrong")
        if answer.status_code == 429:
            waits.append(int(answer["Retry-After"]))
            later(timedelta(seconds=waits[-1]))
    assert waits[-1] <= 61
    assert waits == sorted(waits)


def test_strangers_cannot_keep_alice_out_of_the_browser_that_she_uses(alice: User, later: Later) -> None:
    hers = Browser()
    assert hers.sign_in("alice").status_code == 302
    hers.post("/sign-out/")
    for number in range(40):
        Browser(f"203.0.113.{number}").sign_in("alice", "wrong")
    assert Browser("203.0.113.99").sign_in("alice").status_code == 429
    assert hers.sign_in("alice").status_code == 302


def test_a_known_browser_has_its_own_bound(alice: User) -> None:
    hers = Browser()
    hers.sign_in("alice")
    hers.post("/sign-out/")
    assert guess(hers, 11) == [422] * 10 + [429]


def test_the_mark_of_a_browser_opens_nothing_and_counts_for_one_account_only(alice: User) -> None:
    hers = Browser()
    hers.sign_in("alice")
    mark = hers.cookies["known-browser"].value
    for cookie in (mark, mark[:-1] + ("A" if mark[-1] != "A" else "B"), "x" * 5000, ""):
        other = Browser("198.51.100.7")
        other.cookies["known-browser"] = cookie
        assert not other.is_signed_in()
        guess(other, 5, "mona")
        assert other.sign_in("mona").status_code == 429
        SignInCount.objects.all().delete()


def test_one_address_cannot_try_a_password_on_everybody(db: None) -> None:
    statuses = [Browser("192.0.2.77").sign_in(f"name-{n}", "summer2026").status_code for n in range(52)]
    assert statuses == [422] * 50 + [429] * 2
    assert Browser("192.0.2.78").sign_in("name-60", "summer2026").status_code == 422


def test_an_account_of_ones_own_does_not_wash_an_address_clean(alice: User, later: Later) -> None:
    attempt = throttling.Attempt.to_sign_in("alice", "192.0.2.77")
    for number in range(49):
        throttling.admit(throttling.Attempt.to_sign_in(f"name-{number}", "192.0.2.77"))
    throttling.admit(attempt)
    throttling.succeeded(attempt)
    throttling.admit(throttling.Attempt.to_sign_in("another", "192.0.2.77"))
    with pytest.raises(TooManyAttempts):
        throttling.admit(throttling.Attempt.to_sign_in("one more", "192.0.2.77"))


def test_counts_are_bounded_in_number(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttling, "BUCKETS", 8)
    monkeypatch.setattr(throttling, "FREE", dict.fromkeys(throttling.Counted, 10**6))
    for number in range(100):
        throttling.admit(throttling.Attempt.to_sign_in(f"name-{number}", f"192.0.2.{number}"))
    assert SignInCount.objects.count() <= 16


def test_a_count_begins_anew_after_an_hour(alice: User, later: Later) -> None:
    guess(Browser(), 5)
    later(timedelta(hours=1, minutes=2))
    assert guess(Browser(), 5) == [422] * 5


def test_the_audit_trail_says_so_once_a_minute_and_never_the_password(alice: User, later: Later) -> None:
    guess(Browser(), 30)
    events = AuditEvent.objects.filter(action="session.throttled")
    assert [(each.object_label, each.actor_name) for each in events] == [("alice", "slipway")]
    assert AuditEvent.objects.filter(action="session.refused").count() == 5
    assert "wrong" not in str(list(AuditEvent.objects.values()))
    later(2 * MINUTE)
    guess(Browser(), 3)
    assert events.all().count() == 2


class Counting(hashers.MD5PasswordHasher):
    """Says how often a password was hashed."""

    algorithm = "counting"
    hashed = 0

    def encode(self, password: str, salt: str) -> str:
        type(self).hashed += 1
        return super().encode(password, salt).replace("md5$", "counting$", 1)


def test_an_unknown_name_costs_as_much_as_a_known_one(alice: User, settings: Any) -> None:
    settings.PASSWORD_HASHERS = [f"{__name__}.Counting"]
    alice.set_password(PASSWORD)
    alice.save()
    costs = {}
    for name in ("alice", "nobody"):
        Counting.hashed = 0
        with CaptureQueriesContext(connection) as queries:
            answer = Browser().sign_in(name, "wrong")
        told = "do not belong together" in answer.content.decode()
        costs[name] = (Counting.hashed, answer.status_code, told, len(queries))
    assert costs["alice"] == costs["nobody"]
    assert costs["alice"][:3] == (1, 422, True)


def test_a_closed_account_looks_like_a_wrong_password(alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)
    answer = Browser().sign_in("alice")
    assert (answer.status_code, "do not belong together" in answer.content.decode()) == (422, True)


@pytest.mark.parametrize(
    ("proxies", "forwarded", "found"),
    [
        (0, "198.51.100.1", "192.0.2.1"),
        (1, "198.51.100.1", "198.51.100.1"),
        (1, "10.0.0.1, 198.51.100.1", "198.51.100.1"),
        (2, "203.0.113.5, 198.51.100.1, 10.1.1.1", "198.51.100.1"),
        (2, "198.51.100.1", "192.0.2.1"),
        (1, "", "192.0.2.1"),
        (1, "not an address", ""),
        (1, "[2001:db8::1]", "2001:db8::1"),
    ],
)
def test_the_address_is_what_the_outermost_proxy_saw(
    settings: Any, proxies: int, forwarded: str, found: str
) -> None:
    settings.SLIPWAY_PROXIES = proxies
    assert address_of({"REMOTE_ADDR": "192.0.2.1", "HTTP_X_FORWARDED_FOR": forwarded}) == found


def test_a_network_of_ipv6_counts_as_one_address(db: None) -> None:
    one, other = (throttling.Attempt.to_sign_in("x", f"2001:db8:1:2::{n}") for n in (1, 2))
    assert one == other
    assert one != throttling.Attempt.to_sign_in("x", "2001:db8:1:3::1")
