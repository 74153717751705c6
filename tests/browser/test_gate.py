"""The gate on real pages: stale evidence, a decision, a rollout that is verified, and one that is not."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.db.models import F
from playwright.sync_api import Page, expect

from portal.lifecycle.models import ChangeRequest, Evidence, ServiceInstance
from services_catalog.models import OfferingVersion
from tests.browser.conftest import Opened
from tests.browser.test_main_job import SETTLED, promote, succeeds
from tests.fixtures.portal import LivePortal
from tests.fixtures.worker import until
from tests.lifecycle.gate import rules
from tests.lifecycle.helpers import ask

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

GOOD = {"image": {"repository": "registry.example.com/shop/storefront", "tag": "1.4.2"}}
# the sandbox's containers of this name answer every request with 500
UNWELL = {"image": {"repository": "registry.example.com/shop/unwell", "tag": "1.5.0"}}
WANTED = {"policies": 60, "diff": 60, "rollback": 60}


def picture(page: Page, name: str) -> None:
    """Kept where SLIPWAY_TEST_PICTURES names a folder, to be looked at."""
    folder = os.environ.get("SLIPWAY_TEST_PICTURES")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def running(portal: LivePortal, environment: str, name: str) -> ServiceInstance | None:
    rows = ServiceInstance.objects.alive().filter(environment__slug=environment, name=name)
    return rows.exclude(current_release=None).first()


def settled(portal: LivePortal, change: ChangeRequest) -> ServiceInstance:
    until(lambda: ChangeRequest.objects.get(pk=change.pk).state == "succeeded", seconds=60)
    return change.subject


def service_in_two_stages(portal: LivePortal) -> ServiceInstance:
    """A web service that runs in dev, a namespace for it in staging, and a gate before staging."""
    alice = portal.organisation.alice
    place = {"application": "storefront", "environment": "dev"}
    namespace = settled(portal, ask(alice, **place, offering="namespace"))
    settled(portal, ask(alice, kind="promote", instance=namespace.pk, environment="staging"))
    web = settled(portal, ask(alice, **place, offering="web-service", name="shop-web", values=GOOD))
    # what does not answer is refused after seconds here, not minutes
    for version in OfferingVersion.objects.exclude(verification={}):
        version.verification = {**version.verification, "within_seconds": 4}
        version.save(update_fields=["verification"])
    rules(portal.organisation, "staging", approvals_required=1, required_evidence=WANTED)
    return web


def gathered(change: ChangeRequest) -> None:
    until(lambda: ChangeRequest.objects.filter(pk=change.pk).exclude(evidence_gathered_at=None).exists())


def test_stale_evidence_is_refreshed_and_the_promotion_approved_deployed_and_verified(
    open_as: Opened, live_portal: LivePortal
) -> None:
    service_in_two_stages(live_portal)
    alice = open_as("alice")
    promote(alice, "shop-web", "Staging")
    expect(alice.locator(".sentence")).to_contain_text("olga and oscar can decide")
    change = ChangeRequest.objects.get(kind="promote", state="awaiting_approval")
    gathered(change)
    # two hours later
    Evidence.objects.filter(change=change).update(observed_at=F("observed_at") - timedelta(hours=2))

    olga = open_as("olga")
    olga.goto("/approvals/")
    picture(olga, "queue")
    # first interaction
    olga.get_by_role("link", name="Promote shop-web").first.click()
    evidence = olga.get_by_role("region", name="Evidence")
    expect(evidence).to_contain_text("older than 1 h")
    expect(olga.get_by_role("button", name="Approve", exact=True)).to_be_disabled()
    picture(olga, "decision-stale")
    # second
    evidence.get_by_role("button", name="Refresh").first.click()
    expect(evidence).not_to_contain_text("older than 1 h", timeout=SETTLED)
    approve = olga.get_by_role("button", name="Approve", exact=True)
    expect(approve).to_be_enabled(timeout=SETTLED)
    picture(olga, "decision-fresh")
    # third
    approve.click()
    succeeds(olga)
    expect(olga.locator(".sentence")).to_contain_text("is ready and verified: 1 check passed")
    picture(olga, "verified")
    there = running(live_portal, "staging", "shop-web")
    assert there is not None
    assert there.current_release.pk == change.release_id
    # whoever asked never reloaded
    expect(alice.locator("[data-headline]")).to_contain_text("Succeeded", timeout=SETTLED)


def test_a_release_that_does_not_answer_is_refused_by_verification_and_rolled_back(
    open_as: Opened, live_portal: LivePortal
) -> None:
    web = service_in_two_stages(live_portal)
    rules(live_portal.organisation, "staging", approvals_required=0)
    organisation = live_portal.organisation
    settled(live_portal, ask(organisation.alice, kind="promote", instance=web.pk, environment="staging"))
    good = running(live_portal, "staging", "shop-web")
    assert good is not None
    before = good.current_release
    # dev takes what does not answer: it is not verified there
    OfferingVersion.objects.filter(pk=before.offering_version_id).update(verification={})
    settled(live_portal, ask(organisation.alice, kind="update", instance=web.pk, values=UNWELL))
    version = OfferingVersion.objects.exclude(verification={}).first()
    declared = version.verification if version else {}
    check = {
        "name": "health",
        "http": {"service": "{{release}}", "port": "http", "path": "/", "status": [200]},
    }
    OfferingVersion.objects.filter(pk=before.offering_version_id).update(
        verification=declared or {"within_seconds": 4, "checks": [{**check, "times": 2}]}
    )
    rules(organisation, "staging", approvals_required=1, required_evidence=WANTED)
    alice = open_as("alice")
    promote(alice, "shop-web", "Staging")
    change = ChangeRequest.objects.get(kind="promote", state="awaiting_approval")
    gathered(change)

    olga = open_as("olga")
    olga.goto("/approvals/")
    olga.get_by_role("link", name="Promote shop-web").first.click()
    expect(olga.get_by_text("unwell:1.5.0").first).to_be_visible()
    picture(olga, "decision-diff")
    olga.get_by_role("button", name="Approve", exact=True).click()
    expect(olga.locator("[data-headline]")).to_contain_text("Failed", timeout=90_000)
    sentence = olga.locator(".sentence")
    expect(sentence).to_contain_text("Refused by verification")
    expect(sentence).to_contain_text(f"Rolled back to release #{before.number}")
    picture(olga, "refused-by-verification")
    good.refresh_from_db()
    assert good.current_release == before
    assert good.health == "ready"
