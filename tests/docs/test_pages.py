"""The guides inside the portal."""

from __future__ import annotations

import pytest
from django.test import Client

from portal.web.documents import library
from tests.fixtures.organisation import Organisation
from tests.web.conftest import SignIn, signed_in
from tests.web.pages import Page

__all__ = ["signed_in"]
PNG = b"\x89PNG"


def test_every_guide_is_a_well_formed_page_with_one_heading(
    organisation: Organisation, signed_in: SignIn
) -> None:
    browser = signed_in(organisation.pia)
    for name, document in library.documents().items():
        response = browser.get(f"/docs/{name}/")
        page = Page(response.content.decode())
        assert (response.status_code, page.problems) == (200, []), name
        assert page.headings == [document.title]
        assert f"/docs/{name}/" in page.links


def test_one_walks_from_guide_to_guide(organisation: Organisation, signed_in: SignIn) -> None:
    browser = signed_in(organisation.pia)
    address, seen = "/docs/tutorial/", []
    while address:
        seen.append(address)
        html = browser.get(address).content.decode()
        address = html.partition('rel="next" href="')[2].partition('"')[0]
    assert seen == [f"/docs/{name}/" for name in library.documents()]


def test_words_are_found_in_the_guides_and_by_the_search_of_everything(
    organisation: Organisation, signed_in: SignIn
) -> None:
    browser = signed_in(organisation.pia)
    assert "/docs/gate/#break-glass" in browser.get("/docs/?q=break-glass").content.decode()
    assert "/docs/gate/#break-glass" in browser.get("/search/?q=break-glass").content.decode()
    assert "No guide has all of these words" in browser.get("/docs/?q=zzzzz").content.decode()
    hostile = browser.get("/docs/", {"q": '"><script>alert(1)</script>'}).content.decode()
    assert "<script>alert" not in hostile


def test_every_page_has_help_of_its_own(organisation: Organisation, signed_in: SignIn) -> None:
    browser = signed_in(organisation.alice)
    html = browser.get("/catalog/web-service/request/").content.decode()
    assert 'href="/docs/guide-developer/#ask-for-a-service"' in html


def test_what_is_empty_says_where_it_is_explained(organisation: Organisation, signed_in: SignIn) -> None:
    html = signed_in(organisation.pia).get("/instances/").content.decode()
    assert 'href="/docs/guide-developer/#look-after-what-runs">How this works</a>' in html


def test_pictures_come_by_name_to_those_who_are_signed_in(
    organisation: Organisation, signed_in: SignIn, client: Client
) -> None:
    name = next(iter(library.pictures())).removesuffix(".png")
    assert client.get(f"/docs/screenshots/{name}.png").status_code == 302
    response = signed_in(organisation.pia).get(f"/docs/screenshots/{name}.png")
    assert (response.status_code, response["Content-Type"]) == (200, "image/png")
    assert "private" in response["Cache-Control"]
    assert response.content.startswith(PNG)


@pytest.mark.parametrize(
    "address",
    [
        "/docs/screenshots/none.png",
        "/docs/nothing/",
        "/docs/..%2fREADME/",
        "/docs/%2e%2e/settings/",
        "/docs/screenshots/..%2f..%2fREADME.png",
        "/docs/guide/developer/",
    ],
)
def test_no_address_becomes_a_path(organisation: Organisation, signed_in: SignIn, address: str) -> None:
    assert signed_in(organisation.pia).get(address).status_code == 404
