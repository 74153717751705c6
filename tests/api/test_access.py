"""Tokens, sessions and how often one may write."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from portal.accounts.models import ApiToken
from portal.audit.models import AuditEvent
from portal.core import clock
from tests.api.conftest import Api, World
from tests.api.test_problems import check


def test_a_token_is_shown_once_works_and_is_revoked(world: World) -> None:
    alice = world.api("alice")
    created = alice.post("tokens/", {"name": "pipeline", "expires_in_days": 7})
    assert created.status_code == 201
    assert "no-store" in created["Cache-Control"]
    text, token_id = created.json()["token"], created.json()["id"]
    assert text not in alice.get("tokens/").content.decode()
    assert not ApiToken.objects.filter(digest=text).exists()

    pipeline = Api()
    pipeline.headers["Authorization"] = f"Token {text}"
    assert pipeline.get("me/").json()["username"] == "alice"
    assert alice.delete(f"tokens/{token_id}/").status_code == 204
    check(pipeline.get("me/"), 401, "authentication_failed")
    actions = list(AuditEvent.objects.order_by("at").values_list("action", "actor_name", "source"))
    assert actions == [("token.created", "alice", "api"), ("token.revoked", "alice", "api")]
    assert text not in str(list(AuditEvent.objects.values()))


def test_an_expired_token_is_refused(world: World) -> None:
    alice = world.api("alice")
    ApiToken.objects.update(expiry=clock.now() - timedelta(seconds=1))
    check(alice.get("me/"), 401, "authentication_failed")


@pytest.mark.parametrize("days", [0, -1, 91, 10**6, "x", None])
def test_a_tokens_lifetime_is_bounded(world: World, days: object) -> None:
    answer = world.api("alice").post("tokens/", {"name": "x", "expires_in_days": days})
    assert check(answer, 422, "validation_failed")["errors"][0]["path"] == "/expires_in_days"


@pytest.mark.parametrize("name", ["", " ", "x" * 81, None, "a\u0000b"])
def test_a_token_needs_a_name(world: World, name: object) -> None:
    assert world.api("alice").post("tokens/", {"name": name}).status_code in (400, 422)


def test_the_number_of_tokens_is_bounded(world: World) -> None:
    alice = world.api("alice")
    for _ in range(49):
        ApiToken.objects.create(world.people["alice"], name="x")
    check(alice.post("tokens/", {"name": "one too many"}), 422, "validation_failed")


def test_a_session_may_read_and_writes_only_with_its_csrf_token(world: World) -> None:
    browser = Client(enforce_csrf_checks=True, raise_request_exception=False)
    browser.force_login(world.people["alice"])
    assert browser.get("/api/v1/me/").json()["username"] == "alice"
    url = f"/api/v1/instances/{world.instance.pk}/announce-retirement/"
    check(browser.post(url, b"{}", content_type="application/json"), 403, "not_permitted")
    browser.cookies["csrftoken"] = "a" * 32
    sent = browser.post(url, b"{}", content_type="application/json", headers={"X-CSRFToken": "a" * 32})
    assert sent.status_code == 200


def test_writes_are_bounded_for_each_person_and_reads_are_not(world: World, settings: Any) -> None:
    settings.SLIPWAY_API_WRITES_PER_MINUTE = 3
    cache.clear()
    alice, url = world.api("alice"), f"instances/{world.instance.pk}/announce-retirement/"
    # minutes are those of the clock, and one may end in between
    statuses = [alice.post(url).status_code for _ in range(8)]
    assert statuses[:3] == [200] * 3
    assert 429 in statuses
    late = alice.post(url)
    check(late, 429, "throttled")
    assert 1 <= int(late["Retry-After"]) <= 61
    assert alice.get("me/").status_code == 200
    assert world.api("bob").post(url).status_code == 200
    cache.clear()


def test_me_tells_teams_roles_and_what_waits(world: World) -> None:
    mona = world.api("mona").get("me/").json()
    assert (mona["teams"], mona["platform_roles"]) == ([{"team": "shop", "role": "maintainer"}], [])
    olga = world.api("olga").get("me/").json()
    assert (olga["platform_roles"], olga["awaiting_decision"]) == (["operator"], 1)


def test_maintainers_register_applications_and_mistakes_are_named(world: World) -> None:
    mona, body = world.api("mona"), {"team": "shop", "slug": "search", "name": "Search"}
    assert mona.post("applications/", body).json()["team"] == "shop"
    taken = check(mona.post("applications/", body), 422, "validation_failed")
    assert taken["errors"][0]["path"] == "/slug"
    odd = check(mona.post("applications/", body | {"slug": "Über_cool"}), 422, "validation_failed")
    assert odd["errors"][0]["path"] == "/slug"
    check(mona.post("applications/", body | {"team": "payments", "slug": "x"}), 404, "not_found")
