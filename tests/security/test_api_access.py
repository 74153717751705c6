"""How often one may read, and what a token tells of itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache

from portal.accounts.models import ApiToken
from portal.lifecycle.models import ChangeRequest
from tests.api.conftest import Api, World
from tests.api.test_problems import check
from tests.security.conftest import PASSWORD, Later


@pytest.fixture(autouse=True)
def _empty_cache() -> Any:
    cache.clear()
    yield
    cache.clear()


def test_reads_are_bounded_too(world: World, settings: Any) -> None:
    settings.SLIPWAY_API_READS_PER_MINUTE = 3
    alice = world.api("alice")
    statuses = [alice.get("me/").status_code for _ in range(5)]
    # a minute of the clock may end in between
    assert statuses.count(429) >= 1 or len(set(statuses)) == 1
    assert world.api("bob").get("me/").status_code == 200


def test_who_reads_too_much_is_told_when_to_go_on(world: World, settings: Any) -> None:
    settings.SLIPWAY_API_READS_PER_MINUTE = 1
    alice = world.api("alice")
    late = next(answer for answer in (alice.get("me/") for _ in range(4)) if answer.status_code == 429)
    check(late, 429, "throttled")
    assert 1 <= int(late["Retry-After"]) <= 61


def test_a_token_tells_when_it_was_used_last(world: World, later: Later) -> None:
    row, text = ApiToken.objects.create(world.people["alice"], name="pipeline")
    pipeline = Api()
    pipeline.headers["Authorization"] = f"Token {text}"
    assert ApiToken.objects.get(pk=row.pk).last_used_at is None
    pipeline.get("me/")
    first = ApiToken.objects.get(pk=row.pk).last_used_at
    later(timedelta(seconds=30))
    pipeline.get("me/")
    assert ApiToken.objects.get(pk=row.pk).last_used_at == first
    later(timedelta(seconds=31))
    pipeline.get("me/")
    assert ApiToken.objects.get(pk=row.pk).last_used_at == first + timedelta(seconds=61)
    listed = world.api("alice").get("tokens/").json()["results"]
    assert all("last_used_at" in each for each in listed)


def test_a_wrong_token_notes_nothing(world: World) -> None:
    row, text = ApiToken.objects.create(world.people["alice"], name="pipeline")
    pipeline = Api()
    pipeline.headers["Authorization"] = f"Token {text[:-2]}zz"
    check(pipeline.get("me/"), 401, "authentication_failed")
    assert ApiToken.objects.get(pk=row.pk).last_used_at is None


def test_a_token_cannot_try_passwords_at_a_gate_for_ever(world: World, later: Later) -> None:
    world.production.reauthenticate = True
    world.production.save()
    olga, url = world.api("olga"), f"changes/{world.waiting.pk}/approve/"
    body = {"digest": world.waiting.seal, "comment": "x"}
    statuses = [olga.post(url, {**body, "password": f"guess {n}"}).status_code for n in range(7)]
    assert statuses == [403] * 5 + [429] * 2
    check(olga.post(url, {**body, "password": PASSWORD}), 429, "too_many_attempts")
    assert ChangeRequest.objects.get(pk=world.waiting.pk).state == "awaiting_approval"
