"""The bell in a real browser: from the count to the page that a notice is about, with the keyboard alone."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from portal.audit import inbox
from portal.audit.notifying import notify
from tests.browser.conftest import Opened
from tests.fixtures.portal import LivePortal

pytestmark = pytest.mark.browser


def test_a_notice_is_found_opened_and_read(live_portal: LivePortal, open_as: Opened) -> None:
    olga = live_portal.organisation.olga
    page = open_as("olga")
    for key, urgent in (("Storefront waits for your decision.", False), ("Oscar broke the glass.", True)):
        notify([olga], topic="change.waiting", text=key, url="/approvals/", key=key, urgent=urgent)
    page.reload()
    bell = page.get_by_role("link", name="Notifications: 2 unread, urgent")
    bell.focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Notifications").wait_for()
    notice = page.get_by_role("button", name="Oscar broke the glass.", exact=True)
    notice.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/approvals/")
    assert inbox.unread_of(olga).count == 1
    page.go_back()
    page.reload()
    page.get_by_role("button", name="Mark all as read").click()
    expect(page.get_by_role("link", name="Notifications", exact=True)).to_be_visible()
    assert inbox.unread_of(olga).count == 0
