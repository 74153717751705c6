"""The promotion's page, live: another plan redraws what may differ, typing shows what will happen."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from portal.accounts.models import User
from portal.lifecycle.models import ChangeRequest, ServiceInstance
from portal.lifecycle.services import changes, wishes
from portal.lifecycle.states import ChangeState
from tests.browser.conftest import Opened
from tests.fixtures.portal import LivePortal
from tests.fixtures.worker import until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
WEB = {"image": {"repository": "registry.example.com/shop/storefront", "tag": "1.4.2"}}


def done(user: User, **data: object) -> ServiceInstance:
    change = changes.open_change(wishes.resolve(user, data)).change
    ended = ChangeRequest.objects.filter(pk=change.pk, state=ChangeState.SUCCEEDED)
    assert until(ended.exists, seconds=60), change
    return change.subject


def test_what_may_differ_is_live(live_portal: LivePortal, open_as: Opened) -> None:
    alice = live_portal.organisation.alice
    where = {"application": "storefront", "environment": "dev"}
    namespace = done(alice, **where, offering="namespace")
    done(alice, kind="promote", instance=namespace.pk, environment="staging")
    service = done(alice, **where, offering="web-service", name="shop-web", values=WEB)
    page = open_as("alice")
    page.goto(f"/instances/{service.pk}/promote/staging/")
    stages = page.get_by_label("What may differ in Staging")
    copies = stages.locator("[name='/replicas']")
    expect(copies).to_have_value("1")
    stages.get_by_text("Medium").click()
    expect(copies).to_have_value("2")
    expect(page.locator("#preview")).to_contain_text("41")
    copies.fill("many")
    expect(page.locator("#preview")).to_contain_text("/values/replicas")
    copies.fill("3")
    expect(page.locator("#preview")).not_to_contain_text("/values/replicas")
    page.get_by_role("button", name="Promote", exact=True).click()
    page.locator("[data-headline]").wait_for()
    release = ChangeRequest.objects.latest("pk").release
    assert release is not None
    assert release.values["replicas"] == 3
    assert release.plan is not None
    assert release.plan.slug == "medium"
