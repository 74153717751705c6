"""The bell and the page behind it."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.test import Client

from portal.accounts.models import User
from portal.audit import inbox
from portal.audit.models import Notification
from portal.audit.notifying import notify
from tests.fixtures.organisation import Organisation
from tests.fixtures.outside import Mailbox
from tests.web.conftest import SignIn
from tests.web.pages import Page


def tell(user: User, key: str, *, urgent: bool = False, url: str = "/changes/") -> Notification:
    text = f"{key} waits for you."
    return notify([user], topic="change.waiting", text=text, url=url, key=key, urgent=urgent)[0]


@pytest.fixture
def olga(organisation: Organisation, signed_in: SignIn) -> Client:
    return signed_in(organisation.olga)


def body(browser: Client, address: str = "/notifications/") -> str:
    return browser.get(address).content.decode()


def test_without_notices_the_bell_is_quiet_and_the_page_says_what_will_come(olga: Client) -> None:
    page = body(olga)
    assert 'aria-label="Notifications"' in page
    assert "Nothing to tell you" in page
    assert "Mark all as read" not in page


def test_the_bell_counts_on_every_page_and_says_when_something_is_urgent(
    olga: Client, organisation: Organisation
) -> None:
    tell(organisation.olga, "Storefront")
    assert 'aria-label="Notifications: 1 unread"' in body(olga, "/changes/")
    tell(organisation.olga, "Ledger", urgent=True)
    assert 'aria-label="Notifications: 2 unread, urgent"' in body(olga, "/changes/")


def test_unread_ones_come_first(olga: Client, organisation: Organisation) -> None:
    tell(organisation.olga, "Oldest")
    inbox.read(tell(organisation.olga, "Read"))
    tell(organisation.olga, "Newest", urgent=True)
    page = body(olga)
    assert page.index("Newest waits") < page.index("Oldest waits") < page.index("Read waits")
    assert Page(page).problems == []


def test_opening_one_marks_it_and_goes_where_it_leads(olga: Client, organisation: Organisation) -> None:
    told = tell(organisation.olga, "Storefront", url="/approvals/")
    response = olga.post(f"/notifications/{told.pk}/open/")
    assert (response.status_code, response.headers["Location"]) == (302, "/approvals/")
    assert inbox.unread_of(organisation.olga).count == 0


@pytest.mark.parametrize("act", ["open", "read"])
def test_a_link_or_a_preview_marks_nothing(olga: Client, organisation: Organisation, act: str) -> None:
    told = tell(organisation.olga, "Storefront")
    assert olga.get(f"/notifications/{told.pk}/{act}/").status_code == 405
    assert inbox.unread_of(organisation.olga).count == 1


def test_a_form_from_elsewhere_marks_nothing(organisation: Organisation) -> None:
    told = tell(organisation.olga, "Storefront")
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(organisation.olga)
    for act in (f"{told.pk}/open", f"{told.pk}/read", "read-all", "preference"):
        assert browser.post(f"/notifications/{act}/", {"email": "none"}).status_code == 403
    assert inbox.unread_of(organisation.olga).count == 1
    assert inbox.preference_of(organisation.olga).email == "urgent"


@pytest.mark.parametrize("act", ["open", "read"])
def test_somebody_elses_notice_is_not_there(olga: Client, organisation: Organisation, act: str) -> None:
    told = tell(organisation.alice, "Storefront")
    assert olga.post(f"/notifications/{told.pk}/{act}/").status_code == 404
    assert olga.post(f"/notifications/{UUID(int=7)}/{act}/").status_code == 404
    assert "Storefront waits" not in body(olga)
    assert inbox.unread_of(organisation.alice).count == 1


def test_marking_all_leaves_what_came_after_the_page_was_made(
    olga: Client, organisation: Organisation
) -> None:
    tell(organisation.olga, "Before")
    made = olga.get("/notifications/").context["now"]
    tell(organisation.olga, "After")
    assert olga.post("/notifications/read-all/", {"until": made}).status_code == 302
    assert [row.key for row in Notification.objects.unread()] == ["After"]


def test_a_moment_that_is_none_marks_nothing_and_says_so(olga: Client, organisation: Organisation) -> None:
    tell(organisation.olga, "Storefront")
    response = olga.post("/notifications/read-all/", {"until": "yesterday"}, follow=True)
    assert "Nothing was marked" in response.content.decode()
    assert inbox.unread_of(organisation.olga).count == 1


def test_what_comes_by_email_is_chosen_there(
    olga: Client, organisation: Organisation, mailbox: Mailbox
) -> None:
    assert "Sent to" in body(olga)
    assert olga.post("/notifications/preference/", {"email": "all"}).status_code == 302
    assert inbox.preference_of(organisation.olga).email == "all"
    assert '<option value="all" selected' in body(olga)
    assert olga.post("/notifications/preference/", {"email": "sometimes"}).status_code == 422
    assert inbox.preference_of(organisation.olga).email == "all"


def test_a_portal_without_a_mail_server_says_so(olga: Client) -> None:
    assert "This portal sends no e-mail" in body(olga)


def test_what_is_told_is_shown_as_text(olga: Client, organisation: Organisation) -> None:
    tell(organisation.olga, "<script>alert(1)</script>")
    assert "&lt;script&gt;alert(1)" in body(olga)
