"""Everything of a request without a script: look, apply a fix, another plan, more rows, ask, approve."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from portal.environments.models import Environment
from portal.lifecycle.models import ChangeRequest
from portal.lifecycle.services import policy_modes
from tests.browser.conftest import Opened
from tests.browser.test_main_job import SETTLED
from tests.browser.test_promoting import done
from tests.fixtures.portal import LivePortal

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


def look(page: Page) -> None:
    page.get_by_role("button", name="Show what will happen").click()


def row(page: Page, number: int, name: str, value: str) -> None:
    page.locator(f"[name='/env/{number}/key']").fill(name)
    page.locator(f"[name='/env/{number}/value']").fill(value)


def test_from_a_request_to_its_approval(live_portal: LivePortal, open_as: Opened) -> None:
    people = live_portal.organisation
    dev = people.environment("dev")
    policy_modes.set_mode("autoscaler-minimum", dev, "enforce", actor=people.pete, reason="As in production.")
    done(people.alice, application="storefront", environment="dev", offering="namespace")
    Environment.objects.filter(slug="dev").update(approvals_required=1)

    alice = open_as("alice", java_script_enabled=False)
    alice.goto("/catalog/web-service/request/")
    preview = alice.get_by_label("What will happen")
    alice.locator("[name='/image/repository']").fill("registry.example.com/shop/web:1.2.3")
    look(alice)
    expect(preview).to_contain_text("Policy allows it")
    expect(preview).to_contain_text("1 operator has to approve")
    expect(alice.locator("[name='/image/tag']")).to_have_value("1.2.3")

    # another plan, and more rows than there were
    alice.get_by_text("Medium").click()
    spare = alice.locator("[name^='/env/'][name$='/key']").count()
    for number in range(spare):
        row(alice, number, f"NAME_{number}", str(number))
    look(alice)
    expect(alice.locator("[name='/replicas']")).to_have_value("2")
    row(alice, spare, "ONE_MORE", "yes")

    # what policy refuses has a ready fix
    alice.get_by_role("button", name="YAML").click()
    values = alice.get_by_label("Values as YAML")
    text = values.input_value()
    assert "ONE_MORE" in text
    values.fill(text + "autoscaling: {enabled: true, minReplicas: 1, maxReplicas: 5}\n")
    look(alice)
    expect(preview).to_contain_text("Not as it is")
    preview.get_by_role("button", name="Apply fix").click()
    expect(preview).to_contain_text("Policy allows it")
    expect(values).to_have_value(re.compile("minReplicas: 2"))

    # an error is named with its line, and nothing is lost on the way to the form and back
    fixed = values.input_value()
    values.fill(fixed + "port: [\n")
    alice.get_by_role("button", name="All settings").click()
    expect(alice.get_by_text("The form cannot be shown")).to_be_visible()
    alice.get_by_role("button", name="Back to the YAML").click()
    expect(values).to_have_value(fixed + "port: [\n")
    expect(alice.locator("#e-yaml")).to_contain_text("Line")
    values.fill(fixed)

    alice.get_by_role("button", name="Request", exact=True).first.click()
    expect(alice.locator("[data-headline]")).to_contain_text("Waiting for")
    change = ChangeRequest.objects.latest("pk")
    assert change.release is not None
    assert change.release.inputs["env"]["ONE_MORE"] == "yes"
    assert len(change.release.inputs["env"]) == spare + 1

    olga = open_as("olga", java_script_enabled=False)
    olga.goto(f"/changes/{change.pk}/")
    olga.get_by_role("button", name="Approve", exact=True).click()
    expect(olga.locator("[data-headline]")).to_contain_text("Succeeded", timeout=SETTLED)


def test_a_refused_request_is_explained_at_the_top_with_links_to_the_fields(
    live_portal: LivePortal, open_as: Opened
) -> None:
    done(live_portal.organisation.alice, application="storefront", environment="dev", offering="namespace")
    alice = open_as("alice", java_script_enabled=False)
    alice.goto("/catalog/web-service/request/")
    alice.locator("[name='/port']").fill("80")
    alice.get_by_role("button", name="Request", exact=True).first.click()
    summary = alice.get_by_role("group", name="3 things to correct first")
    expect(summary).to_be_focused()
    summary.get_by_role("link", name="Port").click()
    assert alice.url.endswith("#value-port")
    expect(alice.locator("[name='/port']")).to_be_in_viewport()
    expect(alice.locator("#e-value-port")).to_contain_text("at least 1024")
