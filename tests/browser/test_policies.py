"""The policy pages in a real browser: what follows while one types or waits, and what stays as it is."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from portal.lifecycle.models import BlastRadius
from portal.lifecycle.operations import blast_radius
from tests.browser.conftest import Opened
from tests.fixtures.portal import LivePortal

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
PRIVILEGED = """\
apiVersion: v1
kind: Pod
metadata:
  name: try  # of mine
spec:
  containers:
    - name: main
      image: registry.example.com/try:1.0.0
      securityContext: {privileged: true}
"""


def test_the_library_narrows_while_one_types_and_keeps_the_caret(open_as: Opened) -> None:
    page = open_as("alice")
    page.goto("/policies/")
    search = page.get_by_label("Search", exact=True)
    search.press_sequentially("approved regi", delay=20)
    expect(page.get_by_role("status").filter(has_text="of")).to_contain_text("1 of ")
    expect(page.locator(".library a.who")).to_have_text(["Images come from approved registries"])
    expect(search).to_be_focused()
    expect(page).to_have_url(re.compile(r"\?q=approved"))
    page.get_by_role("link", name="Images come from approved registries").click()
    page.go_back()
    expect(page.get_by_role("heading", name="Policies", exact=True)).to_be_visible()
    expect(page.locator(".library a.who")).to_have_count(1)


def answers_take(page: Page, *, milliseconds: int) -> None:
    conditions = {"offline": False, "latency": milliseconds, "downloadThroughput": -1, "uploadThroughput": -1}
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", conditions)


def test_the_playground_judges_while_one_types_and_applies_a_fix(open_as: Opened) -> None:
    page = open_as("alice")
    page.goto("/policies/playground/")
    text, answer = page.get_by_label("Objects"), page.get_by_label("What the policies say")
    text.fill(PRIVILEGED)
    expect(answer).to_contain_text("No privileged containers")
    finding = answer.locator(".verdict", has_text="These containers are privileged")
    finding.locator("summary").click()
    expect(finding.locator(".diff .del").last).to_contain_text("privileged: true")
    answers_take(page, milliseconds=400)  # longer than the pause after which typing is judged
    text.focus()
    page.keyboard.press("Control+End")
    page.keyboard.type("# more\n")
    expect(text).to_be_focused()
    finding.get_by_role("button", name="Apply fix").click()
    expect(page.get_by_text("Fix applied")).to_be_visible()
    expect(answer).not_to_contain_text("These containers are privileged")
    fixed = text.input_value()
    assert "privileged: true" not in fixed
    assert fixed.endswith("# more\n")
    text.fill("a: [")
    expect(answer).to_contain_text("This is not readable YAML")
    assert text.input_value() == "a: ["


def test_a_mode_can_be_confirmed_as_soon_as_its_blast_radius_is_there(
    open_as: Opened, live_portal: LivePortal
) -> None:
    page = open_as("pete")
    page.goto("/policies/probes/")
    page.get_by_role("link", name="Change mode…").click()
    page.locator("[name=environment][value=dev]").check()
    page.locator("[name=mode][value=enforce]").check()
    page.get_by_role("button", name="See what it would break").first.click()
    expect(page.get_by_text("You may leave")).to_be_visible()
    expect(page.get_by_label("Why?")).to_have_count(0)
    blast_radius.work_out(BlastRadius.objects.get().pk)
    page.get_by_label("Why?").fill("Everybody has probes by now.")
    page.get_by_role("button", name="Change the mode").click()
    expect(page.get_by_text("From now on: enforce in Development.")).to_be_visible()
    expect(page.get_by_text("Everybody has probes by now.")).to_be_visible()
