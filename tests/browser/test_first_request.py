"""Somebody's first request: from signing in to a submitted web service in five steps, quickly, and still."""

from __future__ import annotations

import time
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from portal.lifecycle.models import ChangeRequest
from tests.browser.conftest import Opened
from tests.browser.test_promoting import done
from tests.fixtures.portal import LivePortal
from tests.fixtures.worker import until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
IMAGE = "registry.example.com/shop/storefront:1.4.2"
STEPS, SECONDS, SHIFT = 5, 30, 0.1
# what moved without being asked to, as browsers count it
WATCH_SHIFTS = """
  window.shifted = 0;
  new PerformanceObserver((list) => list.getEntries().forEach((each) => {
    if (!each.hadRecentInput) window.shifted += each.value;
  })).observe({type: "layout-shift", buffered: true});
"""


class Steps:
    """Counts what a person does: one click, one key pressed, one field filled."""

    def __init__(self, page: Page) -> None:
        self.page, self.count = page, 0

    def click(self, role: Any, name: str, **which: Any) -> None:
        self.count += 1
        self.page.get_by_role(role, name=name, **which).first.click()

    def fill(self, selector: str, text: str) -> None:
        self.count += 1
        self.page.locator(selector).fill(text)

    def press(self, keys: str) -> None:
        self.count += 1
        self.page.keyboard.press(keys)


def with_namespace(portal: LivePortal) -> None:
    done(portal.organisation.alice, application="storefront", environment="dev", offering="namespace")


@pytest.mark.parametrize("size", [(1280, 900), (390, 844)])
def test_five_steps_lead_from_signing_in_to_a_request(
    size: tuple[int, int], live_portal: LivePortal, open_as: Opened
) -> None:
    with_namespace(live_portal)
    page = open_as("alice", viewport={"width": size[0], "height": size[1]})
    page.add_init_script(WATCH_SHIFTS)
    began, steps = time.monotonic(), Steps(page)
    steps.click("link", "Catalog")
    steps.click("link", "Web service")
    steps.click("link", "Request", exact=True)
    expect(page.get_by_label("Application", exact=True)).to_have_value("storefront")
    steps.fill("[name='/image/repository']", IMAGE)
    preview = page.get_by_label("What will happen")
    expect(preview).to_contain_text("Policy allows it")
    shifted = page.evaluate("window.shifted")
    steps.press("Control+Enter")
    page.locator("[data-headline]").wait_for()
    took = time.monotonic() - began

    change = ChangeRequest.objects.latest("pk")
    assert (change.name, change.environment.slug) == ("storefront-web", "dev")
    assert change.release is not None
    assert change.release.inputs["image"] == {
        "repository": "registry.example.com/shop/storefront",
        "tag": "1.4.2",
    }
    assert steps.count <= STEPS
    assert took < SECONDS
    assert shifted <= SHIFT
    print(f"{steps.count} steps, {took:.1f} s, layout shift {shifted:.3f} at {size[0]} px")


def test_a_request_needs_no_mouse(live_portal: LivePortal, open_as: Opened) -> None:
    with_namespace(live_portal)
    page = open_as("alice")
    page.goto("/catalog/web-service/request/")
    page.get_by_label("Application", exact=True).focus()
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name") == "/image/repository":
            break
    page.keyboard.type(IMAGE)
    page.keyboard.press("Tab")
    expect(page.locator("[name='/image/tag']")).to_have_value("1.4.2")
    expect(page.locator("[name='/image/repository']")).to_have_value(IMAGE.rpartition(":")[0])
    expect(page.get_by_label("What will happen")).to_contain_text("Policy allows it")
    page.keyboard.press("Enter")
    page.locator("[data-headline]").wait_for()
    assert until(ChangeRequest.objects.filter(name="storefront-web").exists)


def test_what_was_refused_takes_the_focus_and_leads_to_each_field(
    live_portal: LivePortal, open_as: Opened
) -> None:
    with_namespace(live_portal)
    page = open_as("alice")
    page.goto("/catalog/web-service/request/")
    page.locator("[name='/port']").fill("80")
    page.keyboard.press("Control+Enter")
    summary = page.get_by_role("group", name="3 things to correct first")
    expect(summary).to_be_focused()
    summary.get_by_role("link", name="Port").click()
    port = page.locator("[name='/port']")
    expect(port).to_be_focused()
    port.fill("8080")
    expect(page.get_by_role("group", name="2 things to correct first")).to_be_visible()
    page.locator("[name='/image/repository']").fill(IMAGE)
    expect(page.locator("#summary-box")).to_have_count(0)
