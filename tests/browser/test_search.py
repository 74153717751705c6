"""The search field: suggestions while one types, walked by keyboard; and the keys as a dialog."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Opened

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


def test_suggestions_are_walked_and_opened_by_keyboard(open_as: Opened) -> None:
    alice = open_as("alice")
    field = alice.get_by_role("combobox", name="Search applications")
    alice.keyboard.press("Control+k")
    expect(field).to_be_focused()
    alice.keyboard.type("postgre")
    option = alice.get_by_role("option", name="PostgreSQL")
    expect(option).to_be_visible()
    expect(field).to_have_attribute("aria-expanded", "true")
    alice.keyboard.press("ArrowDown")
    expect(option).to_have_attribute("aria-selected", "true")
    expect(field).to_have_attribute("aria-activedescendant", option.get_attribute("id") or "")
    alice.keyboard.press("Escape")
    expect(option).to_be_hidden()
    expect(field).to_have_value("postgre")
    alice.keyboard.press("ArrowDown")
    alice.keyboard.press("Enter")
    expect(alice.get_by_role("heading", name="PostgreSQL", level=1)).to_be_visible()


def test_the_keys_are_shown_and_put_away(open_as: Opened) -> None:
    alice = open_as("alice")
    alice.keyboard.press("?")
    keys = alice.get_by_role("dialog", name="Keys")
    expect(keys.get_by_text("Catalog")).to_be_visible()
    alice.keyboard.press("Escape")
    expect(keys).to_be_hidden()
