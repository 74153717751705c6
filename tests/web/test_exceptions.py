"""Policy exceptions on pages: asked for on a verdict, decided by a second person, shown for what they are."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal.core import clock
from portal.lifecycle.models import ChangeRequest, PolicyException, ServiceInstance, Violation
from portal.lifecycle.operations import scanning
from portal.lifecycle.services import exceptions
from tests.fixtures.organisation import Organisation
from tests.web.conftest import WHERE, SignIn, ask, settle
from tests.web.pages import Page

FOREIGN = {"image": {"repository": "docker.io/library/nginx", "tag": "1.27.0"}}
FINDING = "image-registries|Deployment|shop-web"
TYPED = {"finding": FINDING, "scope": "object", "days": "5", "reason": "The mirror comes <soon>."}
COUNT = '<span class="count">1<span class="visually-hidden"> waiting for you</span></span>'


def form_of(change: ChangeRequest) -> str:
    return f"/exceptions/new/?change={change.pk}&policy=image-registries&kind=Deployment&name=shop-web"


# asking


def test_a_denied_change_leads_to_the_form_and_the_form_to_a_waiting_exception(
    organisation: Organisation, signed_in: SignIn, denied: ChangeRequest
) -> None:
    browser = signed_in(organisation.alice)
    page = browser.get(f"/changes/{denied.pk}/?tab=verdicts").content.decode()
    assert form_of(denied).replace("&", "&amp;") in page
    form = browser.get(form_of(denied)).content.decode()
    assert ("docker.io" in form, "7 at critical severity" in form) == (True, True)
    response = browser.post(form_of(denied), TYPED)
    exception = PolicyException.objects.get()
    assert response.headers["Location"] == f"/exceptions/{exception.pk}/"
    assert (exception.object_name, exception.reason) == ("shop-web", "The mirror comes <soon>.")
    told = browser.get(f"/changes/{denied.pk}/?tab=verdicts").content.decode()
    assert f"exception #{exception.pk} waits for a decision" in told


def test_all_that_is_wrong_is_said_beside_its_field_and_nothing_typed_is_lost(
    organisation: Organisation, signed_in: SignIn, denied: ChangeRequest
) -> None:
    data = {**TYPED, "days": "99", "scope": "namespace", "reason": " "}
    response = signed_in(organisation.alice).post(form_of(denied), data)
    page = response.content.decode()
    assert response.status_code == 422
    assert "lasts 7 days at the most" in page.split('id="id_days"')[1].split("</div>")[0]
    assert "Say why" in page.split('id="id_reason"')[1].split("</div>")[0]
    assert 'name="days" value="99"' in page
    assert 'value="namespace" checked' in page
    assert Page(page).problems == []


def test_asking_twice_for_the_same_is_told(
    organisation: Organisation, signed_in: SignIn, denied: ChangeRequest, excepted: PolicyException
) -> None:
    response = signed_in(organisation.bob).post(form_of(denied), TYPED)
    assert response.status_code == 409
    assert f"There is exception #{excepted.pk}" in response.content.decode()


def test_only_the_owning_team_finds_the_form(
    organisation: Organisation, signed_in: SignIn, denied: ChangeRequest
) -> None:
    for person, status in (("pia", 404), ("olga", 403), ("pete", 403), ("audrey", 403), ("bob", 200)):
        browser = signed_in(getattr(organisation, person))
        assert browser.get(form_of(denied)).status_code == status, person
        if status != 200:
            assert browser.post(form_of(denied), TYPED).status_code == status
    assert PolicyException.objects.count() == 0


@pytest.mark.parametrize("query", ["", "?change=x", "?change=1&instance=1", "?instance=999999", "?change=²"])
def test_a_form_about_nothing_is_not_found(query: str, organisation: Organisation, signed_in: SignIn) -> None:
    assert signed_in(organisation.alice).get(f"/exceptions/new/{query}").status_code == 404


def test_where_nothing_is_found_there_is_nothing_to_be_excepted_from(
    organisation: Organisation, signed_in: SignIn, namespace: ServiceInstance
) -> None:
    page = signed_in(organisation.alice).get(f"/exceptions/new/?instance={namespace.pk}").content.decode()
    assert "Nothing to be excepted from" in page
    assert "<textarea" not in page


def test_a_request_that_is_denied_on_its_form_offers_the_exception_right_there(
    organisation: Organisation, signed_in: SignIn, namespace: ServiceInstance
) -> None:
    data = {
        "application": "storefront",
        "environment": "dev",
        "name": "shop-web",
        "view": "short",
        "/image/repository": "docker.io/library/nginx",
        "/image/tag": "1.27.0",
        "plan": "small",
        "ask": "yes",
    }
    browser = signed_in(organisation.alice)
    page = browser.post("/catalog/web-service/request/", data).content.decode()
    change = ChangeRequest.objects.get(name="shop-web")
    assert form_of(change).replace("&", "&amp;") in page
    typing = {name: value for name, value in data.items() if name != "ask"}
    assert "/exceptions/new/" not in browser.post("/catalog/web-service/request/", typing).content.decode()


# where it is seen


def test_what_waits_comes_first_and_counts_for_those_who_may_decide(
    organisation: Organisation, signed_in: SignIn, granted: PolicyException
) -> None:
    assert granted.change is not None
    about = {"policy": "image-registries", "reason": "x", "days": 3, "scope": "namespace"}
    waiting = exceptions.request(organisation.bob, exceptions.place_of_change(granted.change), about)
    browser = signed_in(organisation.olga)
    page = browser.get("/exceptions/").content.decode()
    assert page.index(f'href="/exceptions/{waiting.pk}/"') < page.index(f'href="/exceptions/{granted.pk}/"')
    assert COUNT in page
    assert f'href="/exceptions/{waiting.pk}/">Decide</a>' in browser.get("/").content.decode()
    narrowed = browser.get("/exceptions/?state=granted").content.decode()
    assert f'href="/exceptions/{waiting.pk}/"' not in narrowed
    for person in ("alice", "audrey"):
        assert COUNT not in signed_in(getattr(organisation, person)).get("/exceptions/").content.decode()


def test_another_team_cannot_tell_that_there_is_one(
    organisation: Organisation, signed_in: SignIn, excepted: PolicyException
) -> None:
    browser = signed_in(organisation.pia)
    there = browser.get(f"/exceptions/{excepted.pk}/")
    nowhere = browser.get("/exceptions/999999/")
    assert (there.status_code, there.content) == (404, nowhere.content)
    assert "No exceptions" in browser.get("/exceptions/").content.decode()
    assert "No debt" in browser.get("/exceptions/debt/").content.decode()


def test_a_change_shows_what_was_waived_until_when_and_by_whom(
    organisation: Organisation, signed_in: SignIn, granted: PolicyException
) -> None:
    change = ask(organisation.alice, **WHERE, offering="web-service", name="shop-web", values=FOREIGN)
    browser = signed_in(organisation.alice)
    for tab in ("overview", "verdicts"):
        page = " ".join(browser.get(f"/changes/{change.pk}/?tab={tab}").content.decode().split())
        assert f'<a href="/exceptions/{granted.pk}/">exception #{granted.pk}</a>' in page
        assert f"{granted.expires_at:%a %d %b}" in page
        assert "olga" in page
        assert "Refuse it" not in page


def test_home_says_which_exceptions_of_mine_end_soon_and_what_is_overdue(
    organisation: Organisation, signed_in: SignIn, granted: PolicyException
) -> None:
    change = ask(organisation.alice, **WHERE, offering="web-service", name="shop-web", values=FOREIGN)
    instance = settle(change)
    browser = signed_in(organisation.alice)
    assert "then the policy counts again" in browser.get("/").content.decode()
    exceptions.revoke(granted, actor=organisation.olga, comment="The image is malicious.")
    scanning.scan_due()
    Violation.objects.filter(policy="image-registries").update(due_at=clock.now() - timedelta(days=1))
    home = browser.get("/").content.decode()
    assert "then the policy counts again" not in home
    assert f"/instances/{instance.pk}/?tab=policy" in home
    assert "Overdue" in home
    assert "Overdue" not in signed_in(organisation.pia).get("/").content.decode()


def test_debt_is_drawn_and_says_which_rules_are_mostly_waived(
    organisation: Organisation, signed_in: SignIn, granted: PolicyException
) -> None:
    begun = clock.now() - timedelta(days=4)
    PolicyException.objects.filter(pk=granted.pk).update(requested_at=begun, decided_at=begun)
    change = ask(organisation.alice, **WHERE, offering="web-service", name="shop-web", values=FOREIGN)
    settle(change)
    scanning.scan_due()
    (found,) = Violation.objects.filter(policy="image-registries", outcome="waived")
    for number in range(2):
        found.pk, found.name = None, f"other-{number}"
        found.save()
    page = signed_in(organisation.alice).get("/exceptions/debt/").content.decode()
    assert page.count('<rect class="bar"') == 12
    assert "4.0" in page
    assert "image-registries is mostly waived" in page
    assert Page(page).problems == []
