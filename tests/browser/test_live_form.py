"""The request form while somebody types: verdicts follow, focus and scroll stay, a ready fix is one click."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opened
from tests.browser.test_main_job import SETTLED, request_namespace

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
FORM = "/catalog/web-service/request/?application=storefront&environment=dev"


def form(page: Page) -> Page:
    request_namespace(page)
    page.goto(FORM)
    page.locator("#name").fill("shop-web")
    page.get_by_label("Repository").fill("docker.io/library/nginx")
    page.get_by_label("Tag").fill("1.27.0")
    expect(page.get_by_label("What will happen")).to_contain_text("approved registry", timeout=SETTLED)
    return page


def test_a_verdict_follows_the_typing_and_takes_neither_focus_nor_caret_nor_scroll(open_as: Opened) -> None:
    alice = form(open_as("alice", viewport={"width": 1280, "height": 500}))
    field = alice.get_by_label("Repository")
    field.focus()
    field.evaluate("each => each.setSelectionRange(6, 6)")
    alice.evaluate("window.scrollTo(0, 240)")
    was = alice.evaluate("window.scrollY")
    alice.keyboard.type("x")
    preview = alice.get_by_label("What will happen")
    expect(preview).to_contain_text("dockerx.io/library/nginx")
    assert field.evaluate("each => [document.activeElement === each, each.selectionStart, each.value]") == [
        True,
        7,
        "dockerx.io/library/nginx",
    ]
    assert alice.evaluate("window.scrollY") == was > 0
    field.fill("registry.example.com/shop/web")
    expect(preview).to_contain_text("Policy allows it")


def test_a_ready_fix_is_put_into_the_form_by_one_click_and_settles_the_verdict(open_as: Opened) -> None:
    alice = form(open_as("alice"))
    alice.get_by_label("Repository").fill("registry.example.com/shop/web")
    alice.get_by_role("button", name="YAML").click()
    values = "image: {repository: registry.example.com/shop/web, tag: 1.2.3}\n"
    alice.get_by_label("Values as YAML").fill(values + "autoscaling: {enabled: true, maxReplicas: 50}\n")
    preview = alice.get_by_label("What will happen")
    expect(preview).to_contain_text("/autoscaling/maxReplicas")
    preview.get_by_role("button", name="Apply fix").first.click()
    expect(preview).not_to_contain_text("/autoscaling/maxReplicas")
    expect(alice.get_by_label("Values as YAML")).not_to_have_value(values)
    assert "50" not in alice.get_by_label("Values as YAML").input_value()
