"""A release that works and one that does not, followed on their pages while the portal verifies them."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from services_catalog.models import OfferingVersion
from tests.browser.conftest import Opened
from tests.fixtures.portal import LivePortal
from tests.fixtures.worker import until
from tests.lifecycle.helpers import WEB, ask

SERVICE = {"application": "storefront", "environment": "dev", "offering": "web-service", "name": "shop-web"}
HTTP = {"service": "{{release}}", "port": "http", "path": {"values": "/probes/readinessPath"}}
SECONDS = 90_000


@pytest.fixture
def quick(live_portal: LivePortal) -> None:
    """As our library declares it, with less patience."""
    checks = [{"name": "health", "http": HTTP, "times": 2}]
    rows = OfferingVersion.objects.filter(offering__slug="web-service", version="1.2.0")
    rows.update(verification={"within_seconds": 5, "checks": checks})


def test_a_release_that_works_is_verified_and_one_that_does_not_is_rolled_back_before_ones_eyes(
    live_portal: LivePortal, open_as: Opened, quick: None
) -> None:
    alice = live_portal.organisation.alice
    namespace = ask(alice, application="storefront", environment="dev", offering="namespace")
    until(lambda: type(namespace).objects.get(pk=namespace.pk).state == "succeeded", seconds=90)
    page = open_as("alice")

    good = ask(alice, **SERVICE, values=WEB)
    page.goto(f"/changes/{good.pk}/")
    expect(page.get_by_text("is ready and verified: 1 check passed")).to_be_visible(timeout=SECONDS)
    panel = page.locator(".panel", has=page.get_by_role("heading", name="Verification"))
    expect(panel).to_contain_text("2 of 2 in a row")

    unwell = {"image": {"repository": "registry.example.com/shop/unwell", "tag": "2"}}
    bad = ask(alice, kind="update", instance=good.instance_id, values=unwell)
    page.goto(f"/changes/{bad.pk}/")
    expect(page.get_by_text("Waiting for its verification: health, 0 of 1 check passed")).to_be_visible(
        timeout=SECONDS
    )
    expect(panel).to_contain_text("got 500, wanted 200")
    refused = "Refused by verification: health: got 500, wanted 200"
    expect(page.get_by_text(refused)).to_be_visible(timeout=SECONDS)
    expect(page.get_by_text(refused)).to_contain_text("Rolled back to release #1.")
