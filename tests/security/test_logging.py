"""What is logged: one line for one thing, with who it was."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from portal.settings.logs import formatter
from tests.api.conftest import World


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    handler.setFormatter(formatter("json"))
    root = logging.getLogger()
    root.addHandler(handler)
    yield text
    root.removeHandler(handler)


def test_a_refusal_is_logged_with_who_asked(world: World, logged: io.StringIO) -> None:
    browser = Client()
    browser.force_login(world.people["alice"])
    for address, status in (("/platform/", 403), (f"/instances/{world.foreign.pk}/", 404)):
        logged.truncate(0)
        logged.seek(0)
        assert browser.get(address).status_code == status
        said = [json.loads(line) for line in logged.getvalue().splitlines()]
        entry = next(each for each in said if each.get("code") == status)
        assert entry["user_id"] == world.people["alice"].pk
        assert (entry["request"], entry["level"]) == (f"GET {address}", "warning")
        assert entry["timestamp"].endswith("Z")
        assert entry["request_id"]


@pytest.mark.parametrize("text", ["a\nb", 'a\r\n{"event": "forged"}', "\x1b[2J", "\u2028line"])
def test_a_line_break_in_what_people_send_makes_no_line_of_log(
    world: World, logged: io.StringIO, text: str
) -> None:
    browser = Client(
        raise_request_exception=False, headers={"User-Agent": text.replace("\r", "").replace("\n", " ")}
    )
    browser.post("/sign-in/", {"username": text, "password": "x"})
    browser.get("/search/", {"q": text})
    browser.get(f"/nowhere/{text.encode().hex()}\n/")
    for line in logged.getvalue().split("\n"):
        if line:
            assert isinstance(json.loads(line), dict)
            assert json.loads(line).get("event") != "forged"
            assert "\x1b" not in line


def test_the_address_in_the_log_is_not_what_anybody_wrote_into_a_header(
    world: World, logged: io.StringIO, settings: Any
) -> None:
    settings.SLIPWAY_PROXIES = 1
    Client().get("/nowhere/", headers={"X-Forwarded-For": "203.0.113.66, 198.51.100.1"})
    said = [json.loads(line) for line in logged.getvalue().splitlines()]
    assert {each["ip"] for each in said if each.get("code") == 404} == {"198.51.100.1"}
