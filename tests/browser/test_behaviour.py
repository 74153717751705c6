"""How pages behave: live parts keep what the reader does, nothing typed is lost, keyboard, narrow screens."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from portal.lifecycle.models import ChangeRequest
from portal.lifecycle.services import approvals
from tests.browser.conftest import Opened
from tests.browser.test_main_job import SETTLED, promote, request_namespace, succeeds
from tests.fixtures.portal import LivePortal
from tests.fixtures.worker import until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
ADDRESSES = [
    "/",
    "/catalog/",
    "/catalog/web-service/",
    "/applications/",
    "/applications/storefront/",
    "/instances/",
    "/instances/1/",
    "/changes/",
    "/policies/",
    "/audit/",
    "/me/tokens/",
    "/design/",
]
NARROW = {"viewport": {"width": 390, "height": 844}}


def test_a_live_page_keeps_focus_text_selection_and_open_details(
    open_as: Opened, live_portal: LivePortal
) -> None:
    alice = open_as("alice")
    request_namespace(alice)
    promote(alice, "storefront-dev", "Staging")
    succeeds(alice)
    promote(alice, "storefront-staging", "Production")
    change = ChangeRequest.objects.get(environment__slug="production")
    # what is compared with what is live takes the place of what was compared with what was sealed
    until(lambda: ChangeRequest.objects.filter(pk=change.pk).exclude(evidence_gathered_at=None).exists())

    alice.goto(f"/changes/{change.pk}/?tab=diff")
    alice.get_by_text("Cancel…").click()
    alice.get_by_label("Why (optional)").fill("half a thought")
    alice.get_by_text("ResourceQuota/quota").click()
    unfolded = alice.locator("details.object[open]").count()
    alice.get_by_label("Why (optional)").focus()
    alice.evaluate("window.scrollTo(0, 120)")
    olga = live_portal.organisation.olga
    approvals.approve(change, actor=olga, digest=change.seal)
    expect(alice.locator("[data-headline]")).to_contain_text("Succeeded", timeout=SETTLED)
    assert alice.locator("details.object[open]").count() == unfolded
    assert alice.evaluate("window.scrollY") > 0


def test_nothing_typed_is_lost_when_the_session_ends_or_the_theme_changes(open_as: Opened) -> None:
    mona = open_as("mona")
    mona.goto("/applications/new/")
    mona.get_by_label("Short name").fill("gifts")
    mona.get_by_label("Name", exact=True).fill("Gifts & more")
    mona.get_by_role("button", name="Theme: auto").click()
    expect(mona.locator("html")).to_have_attribute("data-bs-theme", "light")
    expect(mona.get_by_label("Short name")).to_have_value("gifts")

    mona.context.clear_cookies(name="sessionid")
    mona.get_by_role("button", name="Register").click()
    expect(mona.get_by_role("status").first).to_contain_text("Your session has ended")
    mona.get_by_label("Username").fill("mona")
    mona.get_by_label("Password").fill("correct horse battery staple")
    mona.get_by_role("button", name="Sign in").click()
    mona.get_by_role("button", name="Carry on").click()
    expect(mona.get_by_role("heading", name="Gifts & more")).to_be_visible()


def test_a_live_form_says_that_the_session_ended_and_keeps_what_was_typed(open_as: Opened) -> None:
    alice = open_as("alice")
    alice.goto("/catalog/namespace/request/?application=storefront")
    expect(alice.get_by_label("What will happen")).to_contain_text("Policy allows it")
    alice.context.clear_cookies(name="sessionid")
    alice.get_by_label("Why?").fill("still here")
    expect(alice.locator("#problems")).to_contain_text("You have been signed out")
    expect(alice.get_by_label("Why?")).to_have_value("still here")


def test_the_keyboard_goes_everywhere(open_as: Opened) -> None:
    alice = open_as("alice")
    alice.keyboard.press("Tab")
    expect(alice.get_by_text("Skip to the content")).to_be_focused()
    alice.keyboard.press("Enter")
    expect(alice.locator("#main")).to_be_focused()
    alice.keyboard.press("g")
    alice.keyboard.press("c")
    expect(alice.get_by_role("heading", name="Catalog")).to_be_visible()
    alice.keyboard.press("/")
    expect(alice.locator("#search")).to_be_focused()
    alice.keyboard.type("web")
    alice.keyboard.press("Enter")
    expect(alice.get_by_role("link", name="Web service", exact=True)).to_be_visible()


def test_the_catalog_filters_while_one_types(open_as: Opened) -> None:
    alice = open_as("alice")
    alice.goto("/catalog/")
    alice.get_by_label("Search", exact=True).press_sequentially("postgres")
    expect(alice.locator(".offer")).to_have_count(1)
    assert "q=postgres" in alice.url
    alice.reload()
    expect(alice.locator(".offer")).to_have_count(1)


def sideways(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def test_no_page_scrolls_sideways_on_a_phone(open_as: Opened) -> None:
    alice = open_as("alice", **NARROW)
    request_namespace(alice)
    change = alice.url.rstrip("/").rsplit("/", 1)[-1].partition("?")[0]
    tabs = ("overview", "diff", "verdicts", "objects", "log", "audit")
    addresses = [
        *(f"/changes/{change}/?tab={tab}" for tab in tabs),
        "/catalog/web-service/request/",
        *ADDRESSES,
    ]
    for address in addresses:
        alice.goto(address)
        assert sideways(alice) <= 0, address
    expect(alice.get_by_label("Main, at the bottom")).to_be_visible()
