"""Looking changes nothing: every GET of the portal, before and after."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest
from django.apps import apps
from django.test import Client

from portal.accounts.models import ApiToken, BrowserSession
from tests.api.conftest import PEOPLE, World
from tests.api.test_roles import TABLE
from tests.security.pages import PAGES

# when somebody was last there
OF_READERS = {BrowserSession: None, ApiToken: "last_used_at"}
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


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_no_page_changes_anything_when_it_is_looked_at(world: World, method: str) -> None:
    for name, page in PAGES.items():
        if not name.startswith("GET") or name in NOTED:
            continue
        person = next((who for who in PEOPLE if page.status_for(who) == 200), "pete")
        browser = Client(raise_request_exception=False)
        browser.force_login(world.people[person])
        address = page.address(world)
        before = state()
        answer = browser.generic(method, address)
        assert answer.status_code < 600
        assert differing(before) == [], name


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_no_reading_operation_changes_anything(world: World, method: str) -> None:
    for operation, row in TABLE.items():
        if not operation.startswith("GET") or operation in NOTED:
            continue
        person = next((who for who in PEOPLE if row.status_for(who) == 200), "pete")
        path, api = row.path(world), world.api(person)
        before = state()
        api.call(method, path)
        assert differing(before) == [], operation


def test_what_writes_takes_no_get(world: World) -> None:
    """Pages that only do something answer GET with 405, whoever asks."""
    reading = {name.split()[1] for name in PAGES if name.startswith("GET")}
    for name, page in PAGES.items():
        if name.split()[1] in reading:
            continue
        browser = Client()
        browser.force_login(world.people["pete"])
        before = state()
        page_address = page.address(world)
        before = state()
        answer = browser.get(page_address)
        assert answer.status_code in (403, 404, 405), name
        assert differing(before) == [], name


def differing(before: dict[str, str]) -> list[str]:
    after = state()
    return [label for label in before if before[label] != after[label]]
