"""The request form while somebody types: verdicts follow, focus and scroll stay, a ready fix is one click."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from portal.lifecycle.services import policy_modes
from tests.browser.conftest import Opened
from tests.browser.test_main_job import SETTLED, request_namespace
from tests.fixtures.portal import LivePortal

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
FORM = "/catalog/web-service/request/?application=storefront&environment=dev"


def form(page: Page) -> Page:
    request_namespace(page)
    page.goto(FORM)
    page.locator("#name").fill("shop-web")
    page.locator("[name='/image/repository']").fill("docker.io/library/nginx")
    page.locator("[name='/image/tag']").fill("1.27.0")
    expect(page.get_by_label("What will happen")).to_contain_text("approved registry", timeout=SETTLED)
    return page


def test_a_verdict_follows_the_typing_and_takes_neither_focus_nor_caret_nor_scroll(open_as: Opened) -> None:
    alice = form(open_as("alice", viewport={"width": 1280, "height": 500}))
    field = alice.locator("[name='/image/repository']")
    field.scroll_into_view_if_needed()
    field.focus()
    field.evaluate("each => each.setSelectionRange(6, 6)")
    was = alice.evaluate("window.scrollY")
    assert was > 0
    alice.keyboard.type("x")
    preview = alice.get_by_label("What will happen")
    expect(preview).to_contain_text("dockerx.io/library/nginx")
    assert field.evaluate("each => [document.activeElement === each, each.selectionStart, each.value]") == [
        True,
        7,
        "dockerx.io/library/nginx",
    ]
    assert alice.evaluate("window.scrollY") == was
    field.fill("registry.example.com/shop/web")
    expect(preview).to_contain_text("Policy allows it")


def test_a_ready_fix_is_put_into_the_form_by_one_click_and_settles_the_verdict(
    open_as: Opened, live_portal: LivePortal
) -> None:
    people = live_portal.organisation
    dev = people.environment("dev")
    policy_modes.set_mode("autoscaler-minimum", dev, "enforce", actor=people.pete, reason="As in production.")
    alice = form(open_as("alice"))
    alice.locator("[name='/image/repository']").fill("registry.example.com/shop/web")
    alice.get_by_role("button", name="YAML").click()
    values = alice.get_by_label("Values as YAML")
    values.fill(
        "image: {repository: registry.example.com/shop/web, tag: 1.2.3}\n"
        "autoscaling: {enabled: true, minReplicas: 1, maxReplicas: 5}\n"
    )
    preview = alice.get_by_label("What will happen")
    expect(preview).to_contain_text("Not as it is")
    preview.get_by_role("button", name="Apply fix").click()
    expect(preview).to_contain_text("Policy allows it")
    expect(values).to_have_value(re.compile("minReplicas: 2"))


def test_views_change_in_place_and_keep_the_focus_and_the_comments(open_as: Opened) -> None:
    alice = form(open_as("alice"))
    tab = alice.get_by_role("button", name="YAML")
    tab.focus()
    alice.keyboard.press("Enter")
    values = alice.get_by_label("Values as YAML")
    expect(values).to_have_value(re.compile("repository: docker.io/library/nginx"))
    expect(tab).to_be_focused()
    values.fill("# ours\n" + values.input_value() + "port: 80\nreplicas: 2\n")
    expect(alice.locator(".yaml-gutter .line-wrong")).to_have_text("5")
    alice.locator("#e-yaml").get_by_role("link", name="Line 5").click()
    expect(values).to_be_focused()
    assert values.evaluate("each => each.value.slice(each.selectionStart, each.selectionEnd)") == "port: 80"
    alice.get_by_role("button", name="Short form").click()
    expect(alice.locator("[name='/port']")).to_have_value("80")
    expect(alice.locator("#e-value-port")).to_contain_text("at least 1024")
    alice.get_by_role("button", name="YAML").click()
    expect(values).to_have_value(re.compile("^# ours\n"))


def test_settings_are_found_by_typing_and_changes_are_taken_back(open_as: Opened) -> None:
    alice = form(open_as("alice"))
    alice.get_by_role("button", name="All settings").click()
    sought = alice.get_by_label("Find a setting")
    sought.fill("copies")
    expect(alice.locator("[name='/replicas']")).to_be_visible()
    expect(alice.locator("[name='/image/tag']")).to_be_hidden()
    alice.locator("[name='/replicas']").fill("7")
    changed = alice.get_by_label("Changed against the defaults")
    expect(changed).to_contain_text("(3)")
    changed.get_by_text("Changed against the defaults").click()
    changed.get_by_role("button", name="Reset /replicas").click()
    expect(alice.locator("[name='/replicas']")).to_have_value("1")
    expect(changed).to_contain_text("(2)")
    expect(sought).to_have_value("copies")
    expect(alice.locator("[name='/image/tag']")).to_be_hidden()
    sought.fill("")
    expect(alice.locator("[name='/image/tag']")).to_be_visible()


def test_going_back_brings_back_what_was_typed_but_no_secret(open_as: Opened) -> None:
    alice = form(open_as("alice"))
    alice.locator("[name='/replicas']").fill("4")
    expect(alice.get_by_label("Changed against the defaults")).to_contain_text("(3)")
    alice.goto("/catalog/")
    alice.go_back()
    expect(alice.locator("#value-replicas")).to_have_value("4", timeout=SETTLED)
    expect(alice.locator("#value-image-repository")).to_have_value("docker.io/library/nginx")
    expect(alice.locator("#name")).to_have_value("shop-web")
    alice.get_by_role("button", name="YAML").click()
    alice.get_by_label("Values as YAML").fill("secretEnv: {KEY: hunter2}\n")
    expect(alice.locator("#preview[data-secret]")).to_be_visible()
    assert "hunter2" not in alice.evaluate("JSON.stringify({...sessionStorage})")
