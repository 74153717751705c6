"""No page that writes takes a post that did not come from one of our pages: each of them."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.api.conftest import World
from tests.security.pages import PAGES
from tests.security.test_reading import differing, state

WRITING = [name for name in PAGES if name.startswith("POST")]
# its row passes the gate first, which the others wait at
REVIEW = "POST changes-review"
OPEN = ("/sign-in/", "/sign-out/", "/theme/")


@pytest.mark.parametrize("htmx", [False, True], ids=["form", "htmx"])
def test_no_page_that_writes_takes_a_post_without_its_token(world: World, htmx: bool) -> None:
    browser = Client(enforce_csrf_checks=True, raise_request_exception=False)
    browser.force_login(world.people["pete"])
    headers = {"HX-Request": "true"} if htmx else {}
    posts = {
        name: (PAGES[name].address(world), PAGES[name].data(world)) for name in WRITING if name != REVIEW
    }
    before = state()
    for name, (address, data) in posts.items():
        assert browser.post(address, data, headers=headers).status_code == 403, name
    assert differing(before) == []


@pytest.mark.parametrize("address", OPEN)
def test_pages_that_are_open_ask_for_it_too(db: None, address: str) -> None:
    browser = Client(enforce_csrf_checks=True)
    assert browser.post(address, {"username": "alice", "password": "x"}).status_code == 403


@pytest.mark.parametrize("token", ["", "x" * 32, "x" * 64, "ä"])
def test_a_token_that_was_made_up_is_refused(world: World, token: str) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(world.people["mona"])
    browser.get("/applications/new/")
    data = {"team": world.shop.pk, "slug": "gifts", "name": "Gifts", "csrfmiddlewaretoken": token}
    assert browser.post("/applications/new/", data).status_code == 403


def test_another_origin_is_refused_even_with_the_right_token(world: World) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(world.people["mona"])
    browser.get("/applications/new/")
    token = browser.cookies["csrftoken"].value
    data = {"team": world.shop.pk, "slug": "gifts", "name": "Gifts", "csrfmiddlewaretoken": token}
    for origin in ("https://evil.example", "null", "http://testserver.evil.example"):
        answer = browser.post("/applications/new/", data, headers={"Origin": origin})
        assert answer.status_code == 403, origin
    assert browser.post("/applications/new/", data).status_code == 302
