"""axe-core on every page: nothing serious against WCAG 2.2 A and AA, in light and dark, wide and on a phone.

Every page of the table of pages and roles is looked at by whoever may open it, so a new page is as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page

from services_catalog.models import Offering
from tests.api.conftest import PEOPLE, World
from tests.browser.in_process import InProcess
from tests.fixtures.organisation import Organisation
from tests.security.pages import PAGES
from tools.paths import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.django_db, pytest.mark.timeout(480)]

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
READABLE = [name for name in PAGES if name.startswith("GET") and "200" in PAGES[name].statuses]
RUN = """async ([tags, only]) => {
  const runOnly = only ? { type: "rule", values: only } : { type: "tag", values: tags };
  const { violations } = await axe.run(document, { resultTypes: ["violations"], runOnly });
  const told = (node) => (node.any[0]?.data?.contrastRatio ? JSON.stringify(node.any[0].data) : "");
  const place = (node) => `${node.target.join(" ")}: ${node.html.slice(0, 160)} ${told(node)}`;
  return violations
    .filter((each) => ["serious", "critical"].includes(each.impact))
    .map((each) => ({ rule: each.id, help: each.help, places: each.nodes.slice(0, 5).map(place) }));
}"""

RESTYLE = """() => {
  document.documentElement.style.display = "none";
  document.documentElement.getBoundingClientRect();
  document.documentElement.style.display = "";
}"""


@pytest.fixture
def pages(browser: Browser) -> Iterator[InProcess]:
    opened = InProcess(browser, viewport=WIDE, color_scheme="light", reduced_motion="reduce")
    yield opened
    opened.close()


def complaints(page: Page) -> list[str]:
    """What axe has to say of the page as it stands, in light and dark, wide and narrow."""
    page.evaluate(Path(AXE).read_text())
    found = [("light, wide", _run(page))]
    _look(page, "dark", WIDE)
    found.append(("dark, wide", _run(page, "color-contrast")))
    _look(page, "dark", NARROW)
    found.append(("dark, narrow", _run(page, "color-contrast")))
    _look(page, "light", NARROW)
    found.append(("light, narrow", _run(page)))
    _look(page, "light", WIDE)
    return [
        f"{look}: {each['rule']}: {each['help']}\n    " + "\n    ".join(each["places"])
        for look, all_ in found
        for each in all_
    ]


def _look(page: Page, scheme: Literal["light", "dark"], size: dict[str, int]) -> None:
    """Chromium may leave an element in the colours of the scheme before: everything is styled anew."""
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size(size)  # type: ignore[arg-type]
    page.evaluate(RESTYLE)


def _run(page: Page, *only: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.evaluate(RUN, [TAGS, list(only) or None])
    return found


@pytest.mark.parametrize("name", READABLE)
def test_nothing_serious_on_any_page(world: World, pages: InProcess, name: str) -> None:
    row = PAGES[name]
    person = next(each for each in PEOPLE if row.status_for(each) == 200)
    address = row.address(world)
    pages.sign_in(world.people[person])
    if not pages.is_page(address):
        return  # a part, which is looked at in its page
    assert pages.open(address) == 200
    found = complaints(pages.page)
    assert not found, f"{address} as {person}:\n" + "\n".join(found)


def test_nothing_serious_where_nobody_is_signed_in(db: None, pages: InProcess) -> None:
    assert pages.open("/sign-in/") == 200
    assert not complaints(pages.page)


def test_nothing_serious_where_something_is_refused(world: World, pages: InProcess) -> None:
    pages.sign_in(world.people["alice"])
    for address, status in (("/instances/999999/", 404), ("/platform/", 403)):
        assert pages.open(address) == status
        found = complaints(pages.page)
        assert not found, f"{address}:\n" + "\n".join(found)


@pytest.mark.parametrize("view", ["Short form", "All settings", "YAML"])
def test_nothing_serious_in_any_view_of_a_form(
    organisation: Organisation, pages: InProcess, view: str
) -> None:
    pages.sign_in(organisation.alice)
    look_at_form(pages, "web-service", view)


def test_nothing_serious_on_the_form_of_any_offering(organisation: Organisation, pages: InProcess) -> None:
    """All settings at once: each kind of field is there somewhere."""
    pages.sign_in(organisation.alice)
    others = Offering.objects.exclude(slug="web-service").values_list("slug", flat=True)
    for slug in others:
        look_at_form(pages, slug, "All settings")


def look_at_form(pages: InProcess, slug: str, view: str) -> None:
    assert pages.open(f"/catalog/{slug}/request/") == 200
    pages.page.get_by_role("button", name=view).click()
    pages.page.wait_for_load_state("networkidle")
    found = complaints(pages.page)
    assert not found, f"{slug}, {view}:\n" + "\n".join(found)
