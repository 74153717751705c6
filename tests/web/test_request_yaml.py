"""The YAML of a request: in step with the form, errors at their lines, nothing lost while it cannot be."""

from __future__ import annotations

import re
from html import unescape

import pytest

from portal.lifecycle.models import ServiceInstance
from services_catalog.models import OfferingVersion
from tests.fixtures.organisation import Organisation
from tests.web.conftest import SignIn
from tests.web.test_requests import FORM, LIVE, PREVIEW, TYPED, value_of, yaml_of

COMMENTED = "# what we ship\nimage:\n  repository: registry.example.com/shop/web # ours\n  tag: 1.4.2\n"
IN_YAML = {**TYPED, "view": "yaml", "tab": "yaml"}


def hidden(html: str, name: str) -> str:
    """What a hidden input holds; a browser sends it on."""
    found = re.search(rf'type="hidden" name="{name}" value="([^"]*)"', html)
    assert found, f"no hidden {name}"
    return unescape(found[1])


def errors_of(html: str) -> list[tuple[int, str]]:
    """Line and text of what stands beside the YAML."""
    block = html.split('id="e-yaml"')[1].split("</div>")[0]
    return lines_in(re.findall(r'data-error-line="(\d+)">(.*?)</p>', block, re.DOTALL))


def warnings_of(html: str) -> list[tuple[int, str]]:
    block = html.split('id="e-yaml"')[1].split("</div>")[0]
    return lines_in(re.findall(r'data-error-line="(\d+)" data-meaning="waiting">(.*?)</p>', block, re.DOTALL))


def lines_in(found: list[tuple[str, str]]) -> list[tuple[int, str]]:
    return [(int(line), " ".join(re.sub(r"<[^>]+>", "", text).split())) for line, text in found]


def test_each_error_stands_at_its_line(
    organisation: Organisation, signed_in: SignIn, namespace: ServiceInstance
) -> None:
    text = COMMENTED + "replicas: many\nresources:\n  limits:\n    cpu: lots\nport: 80\n"
    html = signed_in(organisation.alice).post(PREVIEW, {**IN_YAML, "yaml": text}, headers=LIVE)
    found = errors_of(html.content.decode())
    assert [line for line, _ in found] == [5, 8, 9]
    assert found[0][1].startswith("Line 5, Copies (/replicas): Must be a whole number")


def test_what_is_no_yaml_is_said_at_its_line(
    organisation: Organisation, signed_in: SignIn, namespace: ServiceInstance
) -> None:
    html = signed_in(organisation.alice).post(PREVIEW, {**IN_YAML, "yaml": "a: 1\nb: 2: 3\n"}, headers=LIVE)
    ((line, said),) = errors_of(html.content.decode())
    assert line == 2
    assert said.startswith("Line 2, column 5")


def test_a_key_that_is_not_known_names_the_nearest(
    organisation: Organisation, signed_in: SignIn, namespace: ServiceInstance
) -> None:
    text = COMMENTED + "replcas: 3\n"
    html = signed_in(organisation.alice).post(PREVIEW, {**IN_YAML, "yaml": text}, headers=LIVE)
    ((line, said),) = errors_of(html.content.decode())
    assert line == 5
    assert "Did you mean replicas?" in said


@pytest.mark.parametrize("tab", ["short", "all"])
def test_a_form_that_cannot_show_the_yaml_says_why_and_keeps_it(
    tab: str, organisation: Organisation, signed_in: SignIn, namespace: ServiceInstance
) -> None:
    browser = signed_in(organisation.alice)
    broken = {**IN_YAML, "yaml": "image: [\n", "carried": '{"replicas": 4}'}
    html = browser.post(FORM, {**broken, "next_view": tab}).content.decode()
    assert "The form cannot be shown: the YAML cannot be read" in html
    assert 'name="/replicas"' not in html
    sent = {name: hidden(html, name) for name in ("view", "tab", "yaml", "carried", "kept")}
    assert (sent["view"], sent["tab"], sent["yaml"]) == ("yaml", tab, "image: [\n")
    back = browser.post(FORM, {**TYPED, **sent, "next_view": "yaml"}).content.decode()
    assert yaml_of(back) == "image: [\n"
    dropped = browser.post(FORM, {**TYPED, **sent, "drop": "yes"}).content.decode()
    assert value_of(dropped, "/replicas") == "4"


def test_yaml_that_cannot_be_read_is_not_asked_for(
    organisation: Organisation, signed_in: SignIn, namespace: ServiceInstance
) -> None:
    broken = {**IN_YAML, "tab": "short", "yaml": "image: [\n", "ask": "yes"}
    response = signed_in(organisation.alice).post(FORM, broken)
    html = response.content.decode()
    assert response.status_code == 422
    assert yaml_of(html) == "image: [\n"
    assert 'href="#yaml" data-to="yaml" data-line="2"' in html.split('id="summary"')[1].split("</ul>")[0]


def test_comments_stay_while_the_values_do(
    organisation: Organisation, signed_in: SignIn, namespace: ServiceInstance
) -> None:
    browser = signed_in(organisation.alice)
    form = browser.post(FORM, {**IN_YAML, "yaml": COMMENTED, "next_view": "short"}).content.decode()
    sent = {name: hidden(form, name) for name in ("view", "tab", "carried", "kept")}
    same = {**TYPED, **sent, "/image/repository": "registry.example.com/shop/web", "next_view": "yaml"}
    assert yaml_of(browser.post(FORM, same).content.decode()) == COMMENTED
    changed = yaml_of(browser.post(FORM, {**same, "/replicas": "3"}).content.decode())
    assert changed == "image:\n  repository: registry.example.com/shop/web\n  tag: 1.4.2\nreplicas: 3\n"


def test_a_key_that_an_open_schema_does_not_know_is_a_warning_and_no_error(
    organisation: Organisation, signed_in: SignIn, namespace: ServiceInstance
) -> None:
    version = OfferingVersion.objects.get(offering__slug="web-service", version=TYPED["version"])
    version.values_schema["additionalProperties"] = True
    version.save()
    text = COMMENTED + "replcas: 3\n"
    html = signed_in(organisation.alice).post(PREVIEW, {**IN_YAML, "yaml": text}, headers=LIVE)
    ((line, said),) = warnings_of(html.content.decode())
    assert line == 5
    assert "Did you mean replicas?" in said
    form = signed_in(organisation.alice).post(FORM, {**IN_YAML, "yaml": text, "next_view": "short"})
    assert "Did you mean replicas?" in form.content.decode().split('id="preview"')[1]
