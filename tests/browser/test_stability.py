"""No page moves what is being read: its parts come in after the first picture, and everything stays in place.

Every page of the table of pages and roles is looked at, wide and on a phone, so a new page is as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Request, Route

from tests.api.conftest import PEOPLE, World
from tests.browser.in_process import InProcess
from tests.security.pages import PAGES

pytestmark = [pytest.mark.browser, pytest.mark.django_db, pytest.mark.timeout(480)]

BOUND = 0.1  # cumulative layout shift, as browsers count it: "good" at the most
SIZES = [{"width": 1280, "height": 900}, {"width": 390, "height": 844}]
READABLE = [name for name in PAGES if name.startswith("GET") and "200" in PAGES[name].statuses]
WATCH = """
  window.shifts = [];
  new PerformanceObserver((list) => list.getEntries().forEach((each) => {
    const what = each.sources.map(({ node }) => node && (node.className || node.nodeName));
    window.shifts.push([each.value, what.join(", ")]);
  })).observe({ type: "layout-shift", buffered: true });
"""
PAINTED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


class Painted(InProcess):
    """A browser that is given the parts of a page only once the page has been on the screen."""

    def __init__(self, browser: Browser, **options: Any) -> None:
        super().__init__(browser, **options)
        self.held: list[tuple[Route, Request]] = []
        self.holds = False
        self.page.add_init_script(WATCH)

    def open(self, address: str) -> int:
        self.holds = True
        response = self.page.goto(address, wait_until="load")
        self.page.evaluate(PAINTED)
        self.holds = False
        while self.held:
            super()._answer(*self.held.pop(0))
        self.page.wait_for_load_state("networkidle")
        self.page.evaluate(PAINTED)
        assert response is not None
        return response.status

    def shifts(self) -> list[tuple[float, str]]:
        found: list[tuple[float, str]] = self.page.evaluate("window.shifts")
        return found

    def _answer(self, route: Route, request: Request) -> None:
        if self.holds and "hx-request" in request.headers:
            self.held.append((route, request))
        else:
            super()._answer(route, request)


@pytest.fixture
def pages(browser: Browser) -> Iterator[Painted]:
    opened = Painted(browser)
    yield opened
    opened.close()


@pytest.mark.parametrize("name", READABLE)
def test_nothing_moves_while_a_page_loads(world: World, pages: Painted, name: str) -> None:
    row = PAGES[name]
    person = next(each for each in PEOPLE if row.status_for(each) == 200)
    address = row.address(world)
    pages.sign_in(world.people[person])
    if not pages.is_page(address):
        return  # a part, which is looked at in its page
    for size in SIZES:
        pages.page.set_viewport_size(size)  # type: ignore[arg-type]
        assert pages.open(address) == 200
        moved = pages.shifts()
        assert sum(value for value, _ in moved) <= BOUND, f"{address} at {size['width']} px: {moved}"


def test_what_moves_is_noticed(world: World, pages: Painted) -> None:
    pages.page.set_viewport_size(SIZES[0])  # type: ignore[arg-type]
    pages.sign_in(world.people["alice"])
    pages.open("/catalog/")
    pages.page.evaluate("document.querySelector('main').style.paddingTop = '300px'")
    pages.page.evaluate(PAINTED)
    pages.page.evaluate(PAINTED)
    assert sum(value for value, _ in pages.shifts()) > BOUND
