"""Deciding on policy exceptions and ending them, on their page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from portal.accounts.models import PlatformRole
from portal.core import clock
from portal.lifecycle.models import PolicyException
from portal.lifecycle.services import exceptions
from portal.lifecycle.states import ExceptionState
from tests.fixtures.organisation import Organisation
from tests.web.conftest import SignIn

COUNT = '<span class="count">1<span class="visually-hidden"> waiting for you</span></span>'


# deciding


def test_a_second_person_grants_it_until_a_nearer_end(
    organisation: Organisation, signed_in: SignIn, excepted: PolicyException
) -> None:
    browser = signed_in(organisation.olga)
    page = browser.get(f"/exceptions/{excepted.pk}/").content.decode()
    for said in ("The mirror comes next week.", "docker.io", "Grant…", "Reject…", "Deployment/shop-web"):
        assert said in page, said
    response = browser.post(f"/exceptions/{excepted.pk}/grant/", {"days": "2", "comment": "Two days do."})
    assert response.status_code == 302
    excepted.refresh_from_db()
    assert excepted.state == ExceptionState.GRANTED
    assert excepted.expires_at - clock.now() < timedelta(days=2)
    after = browser.get(f"/exceptions/{excepted.pk}/").content.decode()
    assert ("Two days do." in after, "Counts until" in after, "Grant…" in after) == (True, True, False)


def test_nobody_grants_their_own_through_the_page_whatever_they_are_made(
    organisation: Organisation, signed_in: SignIn, excepted: PolicyException
) -> None:
    PlatformRole.objects.create(user=organisation.alice, role=PlatformRole.Name.OPERATOR)
    browser = signed_in(organisation.alice)
    page = browser.get(f"/exceptions/{excepted.pk}/").content.decode()
    assert "You asked for this yourself" in page
    assert f"/exceptions/{excepted.pk}/grant/" not in page
    for act in ("grant", "reject"):
        refused = browser.post(f"/exceptions/{excepted.pk}/{act}/", {"comment": "fine with me"})
        assert (refused.status_code, "You asked for this yourself" in refused.content.decode()) == (403, True)
    excepted.refresh_from_db()
    assert excepted.state == ExceptionState.REQUESTED
    assert COUNT not in browser.get("/").content.decode()


@pytest.mark.parametrize(("person", "status"), [("bob", 403), ("mona", 403), ("audrey", 403), ("pia", 404)])
def test_whoever_may_not_decide_is_told_and_nothing_happens(
    person: str, status: int, organisation: Organisation, signed_in: SignIn, excepted: PolicyException
) -> None:
    browser = signed_in(getattr(organisation, person))
    for act in ("grant", "reject", "revoke"):
        assert browser.post(f"/exceptions/{excepted.pk}/{act}/", {"comment": "x"}).status_code in (
            status,
            409,
        )
    excepted.refresh_from_db()
    assert excepted.state == ExceptionState.REQUESTED
    assert browser.get(f"/exceptions/{excepted.pk}/grant/").status_code == 405


def test_rejecting_needs_a_reason_and_keeps_the_menu_open(
    organisation: Organisation, signed_in: SignIn, excepted: PolicyException
) -> None:
    browser = signed_in(organisation.pete)
    empty = browser.post(f"/exceptions/{excepted.pk}/reject/", {"comment": " "})
    page = empty.content.decode()
    assert empty.status_code == 422
    assert 'data-key="reject" open' in page
    assert "Say why" in page.split('id="reject-comment"')[1].split("</div>")[0]
    browser.post(f"/exceptions/{excepted.pk}/reject/", {"comment": "Mirror it first."})
    excepted.refresh_from_db()
    assert excepted.state == ExceptionState.REJECTED
    assert "Rejected by pete: Mirror it first." in browser.get(f"/exceptions/{excepted.pk}/").content.decode()


def test_days_that_are_no_number_are_refused_with_the_comment_kept(
    organisation: Organisation, signed_in: SignIn, excepted: PolicyException
) -> None:
    data = {"days": "soon", "comment": "for the <sprint>"}
    response = signed_in(organisation.olga).post(f"/exceptions/{excepted.pk}/grant/", data)
    page = response.content.decode()
    assert response.status_code == 422
    assert ("A whole number of days" in page, "for the &lt;sprint&gt;" in page) == (True, True)


def test_of_two_decisions_the_second_is_told_that_it_is_too_late(
    organisation: Organisation, signed_in: SignIn, excepted: PolicyException
) -> None:
    signed_in(organisation.olga).post(f"/exceptions/{excepted.pk}/grant/", {})
    late = signed_in(organisation.oscar).post(f"/exceptions/{excepted.pk}/reject/", {"comment": "no"})
    assert late.status_code == 409
    excepted.refresh_from_db()
    assert excepted.state == ExceptionState.GRANTED


# ending


def test_a_request_is_withdrawn_and_a_granted_one_revoked_with_a_reason(
    organisation: Organisation, signed_in: SignIn, excepted: PolicyException
) -> None:
    browser = signed_in(organisation.bob)
    browser.post(f"/exceptions/{excepted.pk}/withdraw/")
    excepted.refresh_from_db()
    assert excepted.state == ExceptionState.WITHDRAWN
    about = {"policy": "image-registries", "reason": "again", "days": 5}
    assert excepted.change is not None
    again = exceptions.request(organisation.alice, exceptions.place_of_change(excepted.change), about)
    exceptions.grant(again, actor=organisation.olga)
    assert browser.post(f"/exceptions/{again.pk}/revoke/", {"comment": ""}).status_code == 422
    browser.post(f"/exceptions/{again.pk}/revoke/", {"comment": "We have mirrored it."})
    again.refresh_from_db()
    assert (again.state, again.end_reason) == (ExceptionState.REVOKED, "We have mirrored it.")


def test_one_past_its_end_is_shown_as_ended_before_anybody_wrote_that_down(
    organisation: Organisation, signed_in: SignIn, granted: PolicyException, monkeypatch: Any
) -> None:
    end = granted.expires_at
    monkeypatch.setattr(clock, "now", lambda: end)
    page = signed_in(organisation.olga).get(f"/exceptions/{granted.pk}/").content.decode()
    assert ("Ended" in page, "Over since" in page, "Revoke…" in page) == (True, True, False)
