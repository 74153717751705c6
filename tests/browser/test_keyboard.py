"""Pages without a mouse: past the navigation in two keys, everything reached, always seen where one is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from portal.accounts.models import User
from tests.api.conftest import World
from tests.browser.in_process import InProcess
from tests.fixtures.organisation import Organisation

pytestmark = [pytest.mark.browser, pytest.mark.django_db, pytest.mark.timeout(480)]

FARTHEST = 400
# each thing to stop at gets a number, and of a group of radio buttons only the chosen one is a stop
EXPECTED = """() => {
  const stops = "a[href], button, input, select, textarea, summary, [tabindex]";
  const chosen = (each) => each.type !== "radio" || each.checked ||
    !document.querySelector(`input[type="radio"][name="${CSS.escape(each.name)}"]:checked`);
  const shown = { checkVisibilityCSS: true, visibilityProperty: true };
  return [...document.querySelectorAll(stops)]
    .filter((each) => each.tabIndex >= 0 && !each.disabled && each.checkVisibility(shown) && chosen(each))
    .map((each, number) => { each.dataset.stop = number; return each.outerHTML.slice(0, 120); });
}"""
# its number, and whether an outline, a ring or a border shows it
STOP = """() => {
  const here = document.activeElement;
  const style = getComputedStyle(here);
  const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
  return [here.dataset.stop ?? null, outlined || style.boxShadow !== "none", here.outerHTML.slice(0, 120)];
}"""


@pytest.fixture
def pages(browser: Browser) -> Iterator[InProcess]:
    opened = InProcess(browser, viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    yield opened
    opened.close()


def walk(pages: InProcess, user: User, address: str) -> None:
    pages.sign_in(user)
    assert pages.open(address) == 200
    page = pages.page
    page.evaluate("document.activeElement.blur()")
    expected: list[str] = page.evaluate(EXPECTED)
    reached: set[int] = set()
    unseen: list[str] = []
    for _ in range(FARTHEST):
        page.keyboard.press("Tab")
        number, seen, what = page.evaluate(STOP)
        if number is None or int(number) in reached:
            break  # round once
        reached.add(int(number))
        if not seen:
            unseen.append(what)
    missed = [what for number, what in enumerate(expected) if number not in reached]
    assert (missed, unseen) == ([], []), address


@pytest.mark.parametrize("person", ["alice", "olga"])
def test_every_control_is_reached_and_seen(world: World, pages: InProcess, person: str) -> None:
    addresses = ["/", "/catalog/", f"/instances/{world.instance.pk}/", f"/changes/{world.waiting.pk}/"]
    if person == "olga":
        addresses += ["/approvals/", "/policies/?category=images", "/instances/", "/changes/"]
    for address in addresses:
        walk(pages, world.people[person], address)


def test_the_request_form_is_no_trap(organisation: Organisation, pages: InProcess) -> None:
    walk(pages, organisation.alice, "/catalog/web-service/request/")


def test_two_keys_lead_past_the_navigation(world: World, pages: InProcess) -> None:
    pages.sign_in(world.people["alice"])
    pages.open("/catalog/")
    pages.page.keyboard.press("Tab")
    expect(pages.page.get_by_role("link", name="Skip to the content")).to_be_focused()
    pages.page.keyboard.press("Enter")
    expect(pages.page.locator("main")).to_be_focused()


def test_what_was_opened_is_closed_by_escape(world: World, pages: InProcess) -> None:
    pages.sign_in(world.people["alice"])
    pages.open("/")
    page = pages.page
    menu = page.locator("#help")
    menu.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(menu).to_have_attribute("open", "")
    page.keyboard.press("Tab")
    expect(menu.get_by_role("link", name="Help on this page")).to_be_focused()
    page.keyboard.press("Escape")
    expect(menu).not_to_have_attribute("open", "")
    expect(menu.locator("summary")).to_be_focused()
