"""What a request page says of what will happen, of what was changed, and of the ways around the page."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import yaml
from django.http import HttpResponse

from portal.core import clock
from portal.lifecycle.models import ChangeRequest, Rollout, ServiceInstance
from services_catalog.models import OfferingVersion
from tests.fixtures.organisation import Organisation
from tests.web.conftest import SignIn, ask, settle
from tests.web.pages import Page
from tests.web.test_requests import FORM, LIVE, PREVIEW, TYPED, value_of


def text_of(response: HttpResponse, part: str = "preview") -> str:
    """What somebody reads in one part of an answer."""
    html = response.content.decode().split(f'id="{part}"')[1].split("</section>")[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def test_the_quota_before_and_after_and_all_objects_new(
    organisation: Organisation, signed_in: SignIn, namespace: ServiceInstance
) -> None:
    said = text_of(
        signed_in(organisation.alice).post(PREVIEW, {**TYPED, "/replicas": "4"}, headers=LIVE), "preview"
    )
    assert "requests.cpu 0 → 0.4 of 4" in said
    assert re.search(r"pods 0 → 4 of \d+", said)
    assert "not touched" in said
    assert re.search(r"\d+ objects all new", said)
    assert "Namespace storefront-dev" in said
    assert "nothing to compare with yet" in said


def test_no_room_in_the_quota_is_said_at_its_line(
    organisation: Organisation, signed_in: SignIn, namespace: ServiceInstance
) -> None:
    said = text_of(signed_in(organisation.alice).post(PREVIEW, {**TYPED, "/replicas": "50"}, headers=LIVE))
    assert said.startswith("> What will happen The quota has no room") or "The quota has no room" in said
    assert re.search(r"requests.cpu no room 0 → 5 of 4", said)


def test_an_objects_yaml_is_there_and_its_secrets_are_masked(
    organisation: Organisation, signed_in: SignIn, namespace: ServiceInstance
) -> None:
    secret = {
        **TYPED,
        "view": "all",
        "tab": "all",
        "/secretEnv/0/key": "KEY",
        "/secretEnv/0/value": "hunter2",
    }
    html = signed_in(organisation.alice).post(PREVIEW, secret, headers=LIVE).content.decode()
    assert "kind: Deployment" in html
    outside = html.split('name="carried"')[0] if 'name="carried"' in html else html
    assert "hunter2" not in outside
    assert "hunter2" not in html.split('id="equivalents"')[1]
    assert "hunter2" not in html.split('id="changed"')[1].split("</section>")[0]
    assert "data-secret" in html


def test_how_long_it_usually_takes_is_the_median_of_what_worked_out(
    organisation: Organisation, signed_in: SignIn, service: ServiceInstance
) -> None:
    for number, seconds in enumerate((30, 40, 500)):
        values = {**service.current_release.inputs, "replicas": number + 2}  # type: ignore[union-attr]
        settle(ask(organisation.alice, kind="update", instance=service.pk, values=values))
        service.refresh_from_db()
        change = service.changes.latest("pk")
        ended = clock.now()
        ChangeRequest.objects.filter(pk=change.pk).update(finished_at=ended)
        Rollout.objects.filter(change=change).update(started_at=ended - timedelta(seconds=seconds))
    first = service.changes.earliest("pk")
    Rollout.objects.filter(change=first).delete()
    said = text_of(signed_in(organisation.alice).post(PREVIEW, TYPED, headers=LIVE))
    assert "Takes about 40 s, median of the last 3" in said


def test_an_update_shows_the_differences_and_what_it_costs_more(
    organisation: Organisation, signed_in: SignIn, service: ServiceInstance
) -> None:
    address = f"/instances/{service.pk}/update/preview/"
    typed = {
        "kind": "update",
        "plan": "medium",
        "shown_plan": "small",
        "shown_version": "1.0.0",
        "view": "yaml",
        "yaml": "image: {repository: registry.example.com/shop/storefront, tag: 1.5.0}\n",
    }
    response = signed_in(organisation.alice).post(address, typed, headers=LIVE)
    said = text_of(response)
    assert "9 € → about 41 € a month (+32 €)" in said
    assert "Differences to what runs" in said
    assert "changed" in said.split("objects")[1][:40]


def test_what_was_changed_is_listed_and_can_be_taken_back(
    organisation: Organisation, signed_in: SignIn, namespace: ServiceInstance
) -> None:
    browser = signed_in(organisation.alice)
    response = browser.post(PREVIEW, {**TYPED, "/replicas": "4"}, headers=LIVE)
    said = text_of(response, "changed")
    assert "Changed against the defaults (3)" in said
    assert "Copies /replicas 1 → 4 Reset" in said
    button = re.search(
        r'name="fix" value="([^"]+)" data-send aria-label="Reset /replicas"', response.content.decode()
    )
    assert button
    back = browser.post(FORM, {**TYPED, "/replicas": "4", "fix": unescape(button[1])})
    assert value_of(back.content.decode(), "/replicas") == "1"
    assert "Changed against the defaults (2)" in text_of(back, "changed")


def test_a_refused_request_lists_everything_at_the_top_and_each_leads_to_its_field(
    organisation: Organisation, signed_in: SignIn, namespace: ServiceInstance
) -> None:
    bad = {**TYPED, "ask": "yes", "name": "", "/port": "80", "/image/tag": ""}
    html = signed_in(organisation.alice).post(FORM, bad).content.decode()
    assert Page(html).problems == []
    summary = html.split('id="summary"')[1].split("</ul>")[0]
    assert "3 things to correct first" in summary
    assert "autofocus" in summary
    for target in re.findall(r'data-to="([^"]+)"', summary):
        assert f'id="{target}"' in html
    assert '<input type="hidden" name="asked" value="yes">' in html
    live = signed_in(organisation.alice).post(
        PREVIEW, {**TYPED, "asked": "yes", "/image/tag": ""}, headers=LIVE
    )
    assert re.search(r'id="e-value-image-tag"[^>]*><p class="field-error">', live.content.decode())
    assert "1 thing to correct first" in live.content.decode()


def test_an_error_that_is_not_on_screen_can_be_shown(
    organisation: Organisation, signed_in: SignIn, namespace: ServiceInstance
) -> None:
    hidden = {**TYPED, "ask": "yes", "carried": '{"tmpSize": "a lot"}'}
    html = signed_in(organisation.alice).post(FORM, hidden).content.decode()
    summary = html.split('id="summary"')[1].split("</ul>")[0]
    assert "/tmpSize" in summary
    assert 'name="next_view" value="all" data-send>Show this setting' in summary


def test_the_values_can_be_taken_along_as_a_file_for_helm(
    organisation: Organisation, signed_in: SignIn, namespace: ServiceInstance
) -> None:
    response = signed_in(organisation.alice).post(FORM, {**TYPED, "download": "values"})
    assert response.headers["Content-Disposition"] == 'attachment; filename="shop-next.values.yaml"'
    text = response.content.decode()
    assert "helm upgrade --install shop-next web-service --version 1.2.0 --namespace storefront-dev" in text
    assert yaml.safe_load(text)["image"]["tag"] == "1.4.2"


def test_a_version_that_has_left_the_offer_meanwhile_is_said_and_nothing_typed_is_lost(
    organisation: Organisation, signed_in: SignIn, namespace: ServiceInstance
) -> None:
    OfferingVersion.objects.filter(offering__slug="web-service", version="1.2.0").update(status="retired")
    response = signed_in(organisation.alice).post(FORM, {**TYPED, "ask": "yes", "/replicas": "3"})
    html = response.content.decode()
    assert response.status_code == 422
    assert "Version 1.2.0 is no longer on offer" in html.split('id="summary"')[1].split("</ul>")[0]
    assert (value_of(html, "/replicas"), value_of(html, "/image/tag")) == ("3", "1.4.2")
    assert not ChangeRequest.objects.filter(name="shop-next").exists()


def test_a_page_that_was_sent_before_is_kept_and_can_be_sent_anew(
    organisation: Organisation, signed_in: SignIn, namespace: ServiceInstance
) -> None:
    browser = signed_in(organisation.alice)
    browser.post(FORM, {**TYPED, "ask": "yes", "key": "page-1"})
    again = {**TYPED, "ask": "yes", "name": "shop-more", "key": "page-1"}
    html = browser.post(FORM, again).content.decode()
    assert "This page has been sent before" in html
    key = re.search(r'name="key" value="([^"]+)"', html)
    assert key
    assert key[1] != "page-1"
    browser.post(FORM, {**again, "key": key[1]})
    assert ChangeRequest.objects.filter(name="shop-more").exists()
