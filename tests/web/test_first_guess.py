"""What a request form starts with: whose, where, which name, so that the usual request needs few answers."""

from __future__ import annotations

import re

from portal.lifecycle.models import ServiceInstance
from tests.factories import ApplicationFactory
from tests.fixtures.organisation import Organisation
from tests.web.conftest import IMAGE, WHERE, SignIn, ask
from tests.web.test_requests import FORM, LIVE, PREVIEW, TYPED, value_of


def chosen(html: str) -> tuple[str, str, str]:
    """Application, environment and name, as the form has them."""
    choices = html.partition('id="application"')[2].partition("</select>")[0]
    application = re.search(r'<option value="([\w-]+)" selected', choices)
    environment = re.search(r'name="environment" value="([\w-]+)" checked', html)
    name = re.search(r'id="name" name="name" value="([^"]*)"', html)
    return tuple(found[1] if found else "" for found in (application, environment, name))  # type: ignore[return-value]


def test_the_only_application_the_lowest_stage_with_a_namespace_and_a_free_name(
    organisation: Organisation, signed_in: SignIn, namespace: ServiceInstance
) -> None:
    browser = signed_in(organisation.alice)
    assert chosen(browser.get(FORM).content.decode()) == ("storefront", "dev", "storefront-web")
    ask(organisation.alice, **WHERE, offering="web-service", name="storefront-web", values=IMAGE)
    assert chosen(browser.get(FORM).content.decode()) == ("storefront", "dev", "storefront-web-2")


def test_a_namespace_starts_with_the_lowest_stage_that_has_none(
    organisation: Organisation, signed_in: SignIn, namespace: ServiceInstance
) -> None:
    html = signed_in(organisation.alice).get("/catalog/namespace/request/").content.decode()
    assert chosen(html)[:2] == ("storefront", "staging")


def test_of_several_applications_the_one_that_one_asked_for_last(
    organisation: Organisation, signed_in: SignIn, namespace: ServiceInstance
) -> None:
    ApplicationFactory(team=organisation.shop, slug="gifts")
    assert chosen(signed_in(organisation.alice).get(FORM).content.decode())[0] == "storefront"
    html = signed_in(organisation.bob).get(FORM).content.decode()
    assert chosen(html) == ("", "dev", "")
    assert "Choose…" in html


def test_what_the_address_names_is_taken(
    organisation: Organisation, signed_in: SignIn, namespace: ServiceInstance
) -> None:
    address = f"{FORM}?application=storefront&environment=production&name=shop-x"
    html = signed_in(organisation.alice).get(address).content.decode()
    assert chosen(html) == ("storefront", "production", "shop-x")
    assert "no namespace yet" in html.split('id="stage-production"')[1].split("</small>")[0]


def test_a_proposed_name_follows_the_application_and_a_chosen_one_stays(
    organisation: Organisation, signed_in: SignIn, namespace: ServiceInstance
) -> None:
    ApplicationFactory(team=organisation.shop, slug="gifts")
    browser = signed_in(organisation.alice)
    moved = {**TYPED, "application": "gifts", "name": "storefront-web", "guessed_name": "storefront-web"}
    html = browser.post(PREVIEW, moved, headers=LIVE).content.decode()
    assert chosen(html)[2] == "gifts-web"
    html = browser.post(PREVIEW, {**moved, "name": "mine"}, headers=LIVE).content.decode()
    assert 'id="name"' not in html


def test_a_whole_image_reference_is_taken_apart(
    organisation: Organisation, signed_in: SignIn, namespace: ServiceInstance
) -> None:
    reference = {**TYPED, "/image/repository": "registry.example.com:5000/shop/web:1.4.2", "/image/tag": ""}
    browser = signed_in(organisation.alice)
    html = browser.post(FORM, reference).content.decode()
    assert value_of(html, "/image/repository") == "registry.example.com:5000/shop/web"
    assert value_of(html, "/image/tag") == "1.4.2"
    kept = browser.post(FORM, {**reference, "/image/tag": "2.0.0"}).content.decode()
    assert value_of(kept, "/image/repository").endswith("web:1.4.2")
