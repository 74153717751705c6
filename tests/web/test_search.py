"""One field for everything that has a name, within what one may see."""

from __future__ import annotations

import re

from portal.lifecycle.models import ChangeRequest, ServiceInstance
from services_catalog.models import Offering
from tests.factories import InstanceFactory
from tests.fixtures.organisation import Organisation
from tests.web.conftest import SignIn

HTMX = {"HX-Request": "true"}


def found(html: str) -> list[str]:
    """Where the hits lead, in order."""
    main = html.partition("<main")[2]
    return [link for link in re.findall(r'class="who" href="([^"]+)"', main) if not link.startswith("#")]


def test_every_kind_is_found_by_its_name(
    organisation: Organisation, signed_in: SignIn, service: ServiceInstance
) -> None:
    browser = signed_in(organisation.alice)
    for words, link in (
        ("storef", "/applications/storefront/"),
        ("shop-a", f"/instances/{service.pk}/"),
        ("postgre", "/catalog/postgresql/"),
        ("probes", "/policies/probes/"),
        ("bob", "/changes/?q=bob"),
        ("shop", "/instances/?team=shop"),
    ):
        assert link in found(browser.get("/search/", {"q": words}).content.decode()), words


def test_what_begins_with_the_words_comes_first(organisation: Organisation, signed_in: SignIn) -> None:
    for name in ("my-cart", "cart", "a-cart"):
        InstanceFactory(
            application=organisation.storefront,
            environment=organisation.environment("dev"),
            name=name,
            created_by=organisation.alice,
        )
    html = signed_in(organisation.alice).get("/search/?q=cart").content.decode()
    names = re.findall(r'class="who" href="/instances/\d+/">([^<]+)<', html)
    assert names == ["cart", "a-cart", "my-cart"]


def test_suggestions_are_few_and_of_every_kind(
    organisation: Organisation, signed_in: SignIn, service: ServiceInstance
) -> None:
    browser = signed_in(organisation.alice)
    html = browser.get("/search/suggest/?q=shop", headers=HTMX).content.decode()
    assert html.count('role="option"') >= 3
    assert 'role="listbox"' in html
    assert "<html" not in html
    assert "Nothing has that name" in browser.get("/search/suggest/?q=zzzz", headers=HTMX).content.decode()
    assert browser.get("/search/suggest/?q=shop")["Location"] == "/search/?q=shop"


def test_a_number_means_a_change_that_one_may_see(
    organisation: Organisation, signed_in: SignIn, waiting: ChangeRequest
) -> None:
    asked = f"/search/suggest/?q=%23{waiting.pk}"
    assert (
        f"/changes/{waiting.pk}/" in signed_in(organisation.alice).get(asked, headers=HTMX).content.decode()
    )
    assert (
        f"/changes/{waiting.pk}/" not in signed_in(organisation.pia).get(asked, headers=HTMX).content.decode()
    )


def test_search_finds_nothing_that_is_kept_for_others(
    organisation: Organisation, signed_in: SignIn, service: ServiceInstance
) -> None:
    redis = Offering.objects.get(slug="redis")
    redis.teams = ["shop"]
    redis.save()
    assert "/catalog/redis/" in found(signed_in(organisation.alice).get("/search/?q=redis").content.decode())
    browser = signed_in(organisation.pia)
    for words, link in (
        ("redis", "/catalog/redis/"),
        ("shop-api", f"/instances/{service.pk}/"),
        ("storefront", "/applications/storefront/"),
        ("shop", "/instances/?team=shop"),
    ):
        assert link not in found(browser.get("/search/", {"q": words}).content.decode()), words
    for address in ("/catalog/redis/", "/catalog/redis/request/"):
        assert browser.get(address).status_code == 404
    wish = {"application": "ledger", "environment": "dev", "offering": "redis", "name": "cache"}
    answer = browser.post("/api/v1/previews/", wish, content_type="application/json")
    assert answer.status_code == 422
    assert [error["path"] for error in answer.json()["errors"]] == ["/offering"]
