"""Deciding in a browser: by keyboard, while the page moves, without a script, on a phone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from portal.core import clock
from portal.lifecycle.models import ChangeRequest, Evidence
from portal.lifecycle.services import comments
from tests.browser.conftest import Opened
from tests.browser.test_behaviour import NARROW, sideways
from tests.browser.test_main_job import SETTLED, succeeds
from tests.fixtures.portal import LivePortal
from tests.fixtures.worker import until
from tests.lifecycle.helpers import ask
from tests.web.gate import differing, rules

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


def wait_for_decision(portal: LivePortal) -> ChangeRequest:
    """Somebody asks for a namespace in production; a worker has found out what there is to know."""
    about = {"application": "storefront", "environment": "production", "offering": "namespace"}
    change = ask(portal.organisation.alice, **about, reason="The shop opens on Monday.")
    until(lambda: ChangeRequest.objects.filter(pk=change.pk).exclude(evidence_gathered_at=None).exists())
    return change


def keep(change: ChangeRequest, kind: str, **about: Any) -> None:
    """As a worker does when it has gathered again."""
    now = clock.now()
    given = {"status": "good", "summary": f"{kind} is fine", "source": "tests", "digest": change.seal}
    row = {**given, "observed_at": now, **about}
    Evidence.objects.update_or_create(change=change, kind=kind, defaults=row)
    ChangeRequest.objects.filter(pk=change.pk).update(evidence_gathered_at=now)


def test_from_the_queue_to_a_decision_by_keyboard_alone(open_as: Opened, live_portal: LivePortal) -> None:
    change = wait_for_decision(live_portal)
    olga = open_as("olga")
    olga.goto("/approvals/")
    olga.keyboard.press("j")
    expect(olga.get_by_role("link", name="Create storefront-production")).to_be_focused()
    olga.keyboard.press("Enter")
    olga.wait_for_url(f"**/changes/{change.pk}/")
    olga.keyboard.press("a")
    expect(olga.get_by_role("button", name="Approve", exact=True)).to_be_focused()
    olga.keyboard.press("Enter")
    expect(olga.get_by_text("Approved.", exact=True)).to_be_visible()
    succeeds(olga)


def test_what_one_types_and_unfolds_stays_while_evidence_comes_in(
    open_as: Opened, live_portal: LivePortal
) -> None:
    change = wait_for_decision(live_portal)
    keep(
        change,
        "diff",
        detail={"objects": [differing(f"config-{number:02}") for number in range(15)], "left_off": 0},
    )
    olga = open_as("olga")
    olga.goto(f"/changes/{change.pk}/")
    folded = olga.locator("details.object", has_text="ConfigMap/config-14")
    folded.locator("summary").first.click()
    expect(folded.get_by_text("new of config-14").first).to_be_visible()
    olga.keyboard.press("r")
    why = olga.get_by_label("Why? needed")
    expect(why).to_be_focused()
    olga.keyboard.type("Not before the ")
    keep(change, "findings", summary="3 low, none overdue")
    expect(olga.get_by_text("3 low, none overdue")).to_be_visible(timeout=SETTLED)
    expect(why).to_be_focused()
    olga.keyboard.type("sale.")
    expect(why).to_have_value("Not before the sale.")
    expect(folded.get_by_text("new of config-14").first).to_be_visible()
    olga.get_by_role("button", name="Reject", exact=True).click()
    expect(olga.locator("[data-headline]")).to_contain_text("Rejected")
    expect(olga.locator(".sentence")).to_contain_text("Not before the sale.")


def test_stale_evidence_is_refreshed_and_then_it_is_approved(
    open_as: Opened, live_portal: LivePortal
) -> None:
    change = wait_for_decision(live_portal)
    rules(required_evidence={"policies": 60})
    days_ago = clock.now() - timedelta(days=2)
    Evidence.objects.filter(change=change, kind="policies").update(observed_at=days_ago)
    ChangeRequest.objects.filter(pk=change.pk).update(evidence_asked_at=days_ago)
    olga = open_as("olga")
    olga.goto(f"/changes/{change.pk}/")
    approve = olga.get_by_role("button", name="Approve", exact=True)
    expect(approve).to_be_disabled()
    olga.keyboard.press("a")
    expect(olga.locator("#not-yet")).to_be_focused()
    olga.get_by_role("button", name="Refresh: Policies").click()
    expect(approve).to_be_enabled(timeout=SETTLED)
    approve.click()
    succeeds(olga)


def test_asking_and_approving_need_no_script(open_as: Opened) -> None:
    alice = open_as("alice", java_script_enabled=False)
    alice.goto("/catalog/namespace/request/?application=storefront&environment=production")
    alice.get_by_label("Why?").fill("The shop opens on Monday.")
    alice.get_by_role("button", name="Request", exact=True).first.click()
    expect(alice.locator("[data-headline]")).to_contain_text("Waiting for approval")

    olga = open_as("olga", java_script_enabled=False)
    olga.goto("/approvals/")
    olga.get_by_role("link", name="Create storefront-production").click()
    expect(olga.get_by_text("The shop opens on Monday.").first).to_be_visible()
    olga.get_by_role("button", name="Approve", exact=True).click()
    expect(olga.get_by_text("Approved.", exact=True)).to_be_visible()


def test_nothing_of_it_scrolls_sideways_on_a_phone(open_as: Opened, live_portal: LivePortal) -> None:
    change = wait_for_decision(live_portal)
    comments.ask_for_change(
        change, actor=live_portal.organisation.oscar, digest=change.seal, text="Smaller, please. " * 20
    )
    olga = open_as("olga", **NARROW)
    for address in (
        "/approvals/",
        "/approvals/?tab=all",
        "/approvals/?tab=review",
        f"/changes/{change.pk}/",
        f"/changes/{change.pk}/break-glass/",
    ):
        olga.goto(address)
        assert sideways(olga) <= 0, address
    olga.goto(f"/changes/{change.pk}/")
    olga.get_by_text("Reject…").click()
    expect(olga.get_by_label("Why? needed")).to_be_in_viewport()
    assert sideways(olga) <= 0
