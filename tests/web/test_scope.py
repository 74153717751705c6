"""Who sees and may do what, on pages."""

from __future__ import annotations

import pytest

from portal.lifecycle.models import ChangeRequest, ServiceInstance
from portal.lifecycle.states import ChangeState
from tests.fixtures.organisation import Organisation
from tests.web.conftest import SignIn


@pytest.mark.parametrize(
    "address",
    ["/instances/{i}/", "/instances/{i}/live/", "/instances/{i}/objects/", "/instances/{i}/update/",
     "/instances/{i}/upgrade/", "/instances/{i}/retire/", "/instances/{i}/compare/?old=1&new=1",
     "/instances/{i}/promote/staging/", "/changes/{c}/", "/changes/{c}/live/", "/applications/storefront/"],
)  # fmt: skip
def test_another_team_cannot_tell_that_it_exists(
    address: str,
    organisation: Organisation,
    signed_in: SignIn,
    service: ServiceInstance,
    waiting: ChangeRequest,
) -> None:
    browser = signed_in(organisation.pia)
    there = browser.get(address.format(i=service.pk, c=waiting.pk))
    nowhere = browser.get(address.format(i=999999, c=999999).replace("storefront", "no-such"))
    assert (there.status_code, nowhere.status_code) == (404, 404)
    assert there.content == nowhere.content


def test_lists_and_search_stay_within_ones_teams(
    organisation: Organisation, signed_in: SignIn, service: ServiceInstance, waiting: ChangeRequest
) -> None:
    browser = signed_in(organisation.pia)
    for address in ("/", "/instances/", "/changes/", "/applications/", "/search/?q=s", "/audit/"):
        text = browser.get(address).content.decode()
        assert "shop-api" not in text
        assert "storefront" not in text, address
    assert browser.get(f"/search/?q={waiting.pk}").status_code == 200


@pytest.mark.parametrize(
    ("person", "allowed"),
    [
        ("alice", set()),
        ("mona", set()),
        ("olga", {"/approvals/", "/platform/pools/"}),
        ("pete", {"/platform/pools/", "/platform/"}),
        ("audrey", {"/platform/pools/"}),
    ],
)
def test_navigation_shows_only_what_the_role_may_open(
    person: str, allowed: set[str], organisation: Organisation, signed_in: SignIn
) -> None:
    browser = signed_in(getattr(organisation, person))
    home = browser.get("/").content.decode()
    for address in ("/approvals/", "/platform/pools/", "/platform/"):
        response = browser.get(address)
        assert response.status_code == (200 if address in allowed else 403)
        assert (f'href="{address}"' in home) == (address in allowed)
        if address not in allowed:
            assert "Only " in response.content.decode()


@pytest.mark.parametrize("person", ["olga", "pete", "audrey"])
def test_who_sees_everything_still_may_not_ask_for_changes(
    person: str, organisation: Organisation, signed_in: SignIn, service: ServiceInstance
) -> None:
    browser = signed_in(getattr(organisation, person))
    page = browser.get(f"/instances/{service.pk}/").content.decode()
    assert "Promote to" not in page
    assert f"/instances/{service.pk}/retire/" not in page
    for address in ("update/", "upgrade/", "promote/staging/", "retire/"):
        assert browser.get(f"/instances/{service.pk}/{address}").status_code == 403
    assert browser.post(f"/instances/{service.pk}/retire/announce/").status_code == 403


def test_only_those_who_read_the_whole_trail_may_verify_it(
    organisation: Organisation, signed_in: SignIn
) -> None:
    assert signed_in(organisation.alice).post("/audit/verify/").status_code == 403
    response = signed_in(organisation.audrey).post("/audit/verify/", follow=True)
    assert "The chain is intact" in response.content.decode()


def test_deciding_needs_an_operator_without_a_part_in_it(
    organisation: Organisation, signed_in: SignIn, waiting: ChangeRequest
) -> None:
    data = {"digest": waiting.seal, "comment": "ok"}
    for person, why in (("alice", "Only an operator"), ("pete", "Only an operator")):
        browser = signed_in(getattr(organisation, person))
        page = browser.get(f"/changes/{waiting.pk}/").content.decode()
        assert why in page
        assert f"/changes/{waiting.pk}/approve/" not in page
        refused = browser.post(f"/changes/{waiting.pk}/approve/", data)
        assert (refused.status_code, why in refused.content.decode()) == (403, True)
    waiting.refresh_from_db()
    assert waiting.state == ChangeState.AWAITING_APPROVAL
