"""Looking changes nothing: every GET of the portal, before and after."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

import pytest
from django.apps import apps
from django.test import Client

from portal.accounts.models import ApiToken, BrowserSession, User
from tests.api.conftest import PEOPLE, World
from tests.api.test_roles import TABLE
from tests.security.pages import PAGES

# when somebody was last there
OF_READERS = {BrowserSession: None, ApiToken: "last_used_at", User: "last_login"}
# taking the trail away is itself noted in it
NOTED = {"GET audit-export", "GET /audit/export/"}


def state() -> dict[str, str]:
    """A digest of each table, what only tells when somebody was last there left out."""
    return {
        model._meta.label: hashlib.sha256(repr(list(rows(model))).encode()).hexdigest()
        for model in apps.get_models()
        if model._meta.managed and OF_READERS.get(model, "") is not None
    }


def rows(model: type) -> Iterator[dict[str, object]]:
    left_out = OF_READERS.get(model)
    for row in model._base_manager.order_by("pk").values():
        yield {name: value for name, value in row.items() if name != left_out}


def reader(statuses: Callable[[str], int]) -> str:
    """Somebody who gets to see it, where there is anybody."""
    return next((who for who in PEOPLE if statuses(who) == 200), "pete")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_no_page_changes_anything_when_it_is_looked_at(world: World, method: str) -> None:
    reading = {name: page for name, page in PAGES.items() if name.startswith("GET") and name not in NOTED}
    addresses = {name: page.address(world) for name, page in reading.items()}
    before = state()
    for name, page in reading.items():
        browser = Client(raise_request_exception=False)
        browser.force_login(world.people[reader(page.status_for)])
        assert browser.generic(method, addresses[name]).status_code < 500, name
    assert differing(before) == []


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_no_reading_operation_changes_anything(world: World, method: str) -> None:
    reading = {name: row for name, row in TABLE.items() if name.startswith("GET") and name not in NOTED}
    paths = {name: row.path(world) for name, row in reading.items()}
    apis = {who: world.api(who) for who in PEOPLE}
    before = state()
    for name, row in reading.items():
        apis[reader(row.status_for)].call(method, paths[name])
    assert differing(before) == []


def test_what_writes_takes_no_get(world: World) -> None:
    """Pages that only do something answer GET with 405, whoever asks."""
    reading = {name.split()[1] for name in PAGES if name.startswith("GET")}
    writing = {name: page for name, page in PAGES.items() if name.split()[1] not in reading}
    addresses = {name: page.address(world) for name, page in writing.items()}
    browser = Client()
    browser.force_login(world.people["pete"])
    before = state()
    for name, address in addresses.items():
        assert browser.get(address).status_code in (403, 404, 405), name
    assert differing(before) == []


def differing(before: dict[str, str]) -> list[str]:
    after = state()
    return [label for label in before if before[label] != after[label]]
