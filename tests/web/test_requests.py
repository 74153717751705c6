"""The request form: judged while it is filled in, three views in step, nothing lost."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

from portal.lifecycle.models import ChangeRequest, ServiceInstance
from portal.lifecycle.states import ChangeState
from tests.fixtures.organisation import Organisation
from tests.web.conftest import SignIn

FORM = "/catalog/web-service/request/"
PREVIEW = "/catalog/web-service/request/preview/"
TYPED = {
    "application": "storefront",
    "environment": "dev",
    "name": "shop-next",
    "plan": "small",
    "shown_plan": "small",
    "version": "1.2.0",
    "shown_version": "1.2.0",
    "view": "short",
    "/image/repository": "registry.example.com/shop/storefront",
    "/image/tag": "1.4.2",
}
LIVE = {"HX-Request": "true"}


def yaml_of(html: str) -> str:
    """What stands in the YAML."""
    return unescape(html.split('id="yaml" name="yaml"')[1].split(">", 1)[1].split("</textarea>")[0])


def value_of(html: str, name: str) -> str:
    found = re.search(rf'<input[^>]*name="{re.escape(name)}"[^>]*type="text"[^>]*value="([^"]*)"', html)
    assert found, f"no input {name}"
    return found[1]


def test_what_will_happen_is_shown_before_asking(
    organisation: Organisation, signed_in: SignIn, namespace: ServiceInstance
) -> None:
    html = signed_in(organisation.alice).post(PREVIEW, TYPED, headers=LIVE).content.decode()
    assert "Policy allows it" in html
    assert "about 9 € a month" in html
    assert "none: it runs at once" in html
    assert "requests.cpu" in html
    assert "Deployment" in html
    assert not ChangeRequest.objects.filter(name="shop-next").exists()


def test_a_denial_is_shown_with_its_remediation_while_typing(
    organisation: Organisation, signed_in: SignIn, namespace: ServiceInstance
) -> None:
    bad = {**TYPED, "/image/repository": "docker.io/library/nginx", "/image/tag": "latest"}
    html = signed_in(organisation.alice).post(PREVIEW, bad, headers=LIVE).content.decode()
    assert "Not as it is" in html
    assert "Images come from approved registries" in html
    assert 'class="remedy"' in html


def test_errors_of_what_was_typed_stand_at_their_field_and_what_is_empty_is_only_listed(
    organisation: Organisation, signed_in: SignIn, namespace: ServiceInstance
) -> None:
    bad = {**TYPED, "/port": "80", "/image/tag": ""}
    html = signed_in(organisation.alice).post(PREVIEW, bad, headers=LIVE).content.decode()
    assert re.search(r'id="e-value-port" hx-swap-oob="true"><p class="field-error">', html)
    assert re.search(r'id="e-value-image-tag" hx-swap-oob="true"></div>', html)
    assert "To be corrected" in html
    assert "Tag (/image/tag)" in html


def test_asking_opens_the_change(
    organisation: Organisation, signed_in: SignIn, namespace: ServiceInstance
) -> None:
    data = {
        **TYPED,
        "ask": "yes",
        "reason": "Before the sale",
        "/env/0/key": "LOG_LEVEL",
        "/env/0/value": "info",
    }
    response = signed_in(organisation.alice).post(FORM, data)
    change = ChangeRequest.objects.get(name="shop-next")
    assert response.headers["Location"] == f"/changes/{change.pk}/"
    assert (change.state, change.reason) == (ChangeState.QUEUED, "Before the sale")
    assert change.release is not None
    assert change.release.inputs == {
        "image": {"repository": "registry.example.com/shop/storefront", "tag": "1.4.2"},
        "env": {"LOG_LEVEL": "info"},
    }


def test_a_second_click_is_the_same_request(
    organisation: Organisation, signed_in: SignIn, namespace: ServiceInstance
) -> None:
    browser = signed_in(organisation.alice)
    data = {**TYPED, "ask": "yes", "key": "page-1"}
    first, second = browser.post(FORM, data), browser.post(FORM, data)
    assert first.headers["Location"] == second.headers["Location"]
    assert ChangeRequest.objects.filter(name="shop-next").count() == 1


def test_a_denied_request_is_kept_and_nothing_typed_is_lost(
    organisation: Organisation, signed_in: SignIn, namespace: ServiceInstance
) -> None:
    data = {
        **TYPED,
        "ask": "yes",
        "/image/tag": "latest",
        "reason": "try <it>",
        "/env/0/key": "A",
        "/env/0/value": "b",
    }
    response = signed_in(organisation.alice).post(FORM, data)
    html = response.content.decode()
    denied = ChangeRequest.objects.get(name="shop-next")
    assert (response.status_code, denied.state) == (422, ChangeState.DENIED)
    assert f'<a href="/changes/{denied.pk}/">change #{denied.pk}</a>' in html
    assert value_of(html, "/image/tag") == "latest"
    assert value_of(html, "/env/0/value") == "b"
    assert "try &lt;it&gt;" in html
    assert "Images are named by a version" in html


def test_all_errors_are_said_at_once_when_asking(
    organisation: Organisation, signed_in: SignIn, namespace: ServiceInstance
) -> None:
    data = {**TYPED, "ask": "yes", "/port": "80", "/image/tag": ""}
    response = signed_in(organisation.alice).post(FORM, data)
    html = response.content.decode()
    assert response.status_code == 422
    for field in ("value-port", "value-image-tag"):
        assert re.search(rf'id="e-{field}"><p class="field-error">', html), field
    assert value_of(html, "/port") == "80"


@pytest.mark.parametrize(
    ("name", "said"), [("Shop_API", "Use lower case"), ("", "Give it a name"), ("a" * 60, "at most 53")]
)
def test_a_name_that_kubernetes_refuses_is_refused_at_its_field(
    name: str, said: str, organisation: Organisation, signed_in: SignIn, namespace: ServiceInstance
) -> None:
    html = signed_in(organisation.alice).post(FORM, {**TYPED, "ask": "yes", "name": name}).content.decode()
    assert re.search(rf'id="e-name"><p class="field-error">.*{said}', html, re.DOTALL)


def test_views_stay_in_step_without_a_script(
    organisation: Organisation, signed_in: SignIn, namespace: ServiceInstance
) -> None:
    browser = signed_in(organisation.alice)
    yaml = browser.post(FORM, {**TYPED, "next_view": "yaml"}).content.decode()
    text = yaml_of(yaml)
    assert text == "image:\n  repository: registry.example.com/shop/storefront\n  tag: 1.4.2\n"
    changed = {**TYPED, "view": "yaml", "next_view": "all", "yaml": text + "replicas: 4\ntmpSize: 128Mi\n"}
    everything = browser.post(FORM, changed).content.decode()
    assert (value_of(everything, "/replicas"), value_of(everything, "/tmpSize")) == ("4", "128Mi")
    carried = everything.split('name="carried" value="')[1].split('"')[0].replace("&quot;", '"')
    short = browser.post(
        FORM, {**TYPED, "view": "short", "carried": carried, "/replicas": "4"}
    ).content.decode()
    assert "&quot;tmpSize&quot;: &quot;128Mi&quot;" in short


def test_choosing_another_plan_brings_its_values_and_keeps_ones_own(
    organisation: Organisation, signed_in: SignIn, namespace: ServiceInstance
) -> None:
    browser = signed_in(organisation.alice)
    html = browser.post(PREVIEW, {**TYPED, "plan": "medium", "/replicas": "1"}, headers=LIVE).content.decode()
    assert value_of(html, "/replicas") == "2"
    assert value_of(html, "/image/tag") == "1.4.2"
    own = browser.post(PREVIEW, {**TYPED, "plan": "medium", "/replicas": "5"}, headers=LIVE).content.decode()
    assert value_of(own, "/replicas") == "5"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("image: [", "Line 2"),
        ("a: &x [1]\nb: *x", "aliases are not accepted"),
        ("- 1", "must be a mapping"),
        ("x: " + "[" * 100 + "]" * 100, "nested more than"),
    ],
)
def test_yaml_that_cannot_be_read_is_kept_and_explained(
    text: str, said: str, organisation: Organisation, signed_in: SignIn, namespace: ServiceInstance
) -> None:
    data: dict[str, Any] = {**TYPED, "view": "yaml", "yaml": text, "ask": "yes"}
    for extra in ({}, {"next_view": "short"}):
        html = signed_in(organisation.alice).post(FORM, {**data, **extra}).content.decode()
        assert said in html.split('id="e-yaml"')[1].split("</div>")[0]
        assert yaml_of(html) == text
    assert not ChangeRequest.objects.filter(name="shop-next").exists()


def test_a_namespace_needs_no_name(organisation: Organisation, signed_in: SignIn) -> None:
    browser = signed_in(organisation.alice)
    data = {"application": "storefront", "environment": "dev", "plan": "small", "view": "short", "ask": "yes"}
    response = browser.post("/catalog/namespace/request/", data)
    change = ChangeRequest.objects.get()
    assert response.headers["Location"] == f"/changes/{change.pk}/"
    assert change.name == "storefront-dev"


def test_a_service_without_its_namespace_says_what_to_do_first(
    organisation: Organisation, signed_in: SignIn
) -> None:
    html = signed_in(organisation.alice).post(FORM, {**TYPED, "ask": "yes"}).content.decode()
    assert "has no namespace in Development yet" in html.split('id="e-environment"')[1].split("</div>")[0]


def test_another_teams_application_cannot_be_asked_for(
    organisation: Organisation, signed_in: SignIn, namespace: ServiceInstance
) -> None:
    html = signed_in(organisation.pia).post(FORM, {**TYPED, "ask": "yes"}).content.decode()
    assert "There is no application" in html
    assert not ChangeRequest.objects.filter(name="shop-next").exists()


def test_who_has_no_application_is_told_what_to_do(organisation: Organisation, signed_in: SignIn) -> None:
    html = signed_in(organisation.olga).get(FORM).content.decode()
    assert "You have no application to request it for" in html


def test_an_unknown_offering_is_not_found(organisation: Organisation, signed_in: SignIn) -> None:
    browser = signed_in(organisation.alice)
    assert browser.get("/catalog/no-such-thing/request/").status_code == 404
    assert "See the catalog" in browser.get("/catalog/no-such-thing/").content.decode()
