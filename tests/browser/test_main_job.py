"""The main job on real pages: request, deny, promote, approve."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opened
from tests.fixtures.portal import LivePortal

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
SETTLED = 45_000


def request_namespace(page: Page) -> None:
    page.goto("/applications/storefront/")
    page.get_by_role("link", name="Request the namespace").click()
    expect(page.get_by_label("What will happen")).to_contain_text("Policy allows it")
    page.get_by_role("button", name="Request", exact=True).first.click()
    succeeds(page)


def succeeds(page: Page) -> None:
    """The change's page gets there by itself, without a reload."""
    expect(page.locator("[data-headline]")).to_contain_text("Succeeded", timeout=SETTLED)


def fill_service(page: Page, *, image: str, tag: str) -> None:
    page.goto("/catalog/web-service/request/?application=storefront&environment=dev")
    page.get_by_label("Name", exact=True).first.fill("shop-api")
    page.locator("[name='/image/repository']").fill(image)
    page.locator("[name='/image/tag']").fill(tag)


def test_from_the_catalog_to_production(open_as: Opened, live_portal: LivePortal) -> None:
    alice = open_as("alice")
    request_namespace(alice)

    # policy denies, with the remedy, and nothing typed is lost
    fill_service(alice, image="docker.io/library/nginx", tag="latest")
    preview = alice.get_by_label("What will happen")
    expect(preview).to_contain_text("Not as it is")
    expect(preview).to_contain_text("Images come from approved registries")
    alice.get_by_role("button", name="Request", exact=True).first.click()
    expect(alice.get_by_role("alert").first).to_contain_text("Organisation policy does not allow this")
    expect(alice.locator("[name='/image/tag']")).to_have_value("latest")
    alice.get_by_role("link", name="change #").click()
    expect(alice.locator("[data-headline]")).to_contain_text("Denied by policy")
    expect(alice.get_by_label("Why it was denied")).to_contain_text("Name a version")

    # corrected, it runs
    fill_service(alice, image="registry.example.com/shop/storefront", tag="1.4.2")
    expect(preview).to_contain_text("Policy allows it")
    alice.get_by_role("button", name="Request", exact=True).first.click()
    succeeds(alice)
    alice.get_by_role("link", name="Log", exact=True).click()
    expect(alice.get_by_role("log")).to_contain_text("helm")
    alice.get_by_label("Breadcrumb").get_by_role("link", name="shop-api").click()
    alice.get_by_role("link", name="Objects", exact=True).click()
    expect(alice.locator("#objects")).to_contain_text("Deployment")
    expect(alice.locator("#objects")).to_contain_text("Ready")

    # promoted to staging, by itself; to production, it waits
    promote(alice, "storefront-dev", "Staging")
    succeeds(alice)
    promote(alice, "storefront-staging", "Production")
    sentence = alice.locator(".sentence")
    expect(sentence).to_contain_text("Waiting for an operator since")
    expect(sentence).to_contain_text("olga and oscar can decide")
    expect(alice.get_by_text("Only an operator may decide this.")).to_be_visible()
    expect(alice.get_by_role("button", name="Approve", exact=True)).to_have_count(0)

    olga = open_as("olga")
    expect(olga.get_by_role("link", name="Approvals").first).to_contain_text("1")
    olga.goto("/approvals/")
    olga.get_by_role("link", name="Promote storefront-production").click()
    expect(olga.get_by_text("Namespace/storefront-production").first).to_be_visible()
    olga.get_by_label("Add a comment to the approval").click()
    olga.get_by_label("Comment optional").fill("Seen it in staging.")
    olga.get_by_role("button", name="Approve with this comment").click()
    succeeds(olga)

    # alice, who never reloaded, sees it too
    expect(alice.locator("[data-headline]")).to_contain_text("Succeeded", timeout=SETTLED)
    alice.goto("/applications/storefront/")
    expect(alice.get_by_label("Production")).to_contain_text("storefront-production")


def promote(page: Page, name: str, stage: str) -> None:
    page.goto("/applications/storefront/")
    page.locator("article", has_text=name).get_by_role("link", name=f"Promote to {stage}").click()
    page.get_by_role("button", name="romote").click()
    page.locator("[data-headline]").wait_for()


def test_the_main_path_needs_no_script(open_as: Opened) -> None:
    alice = open_as("alice", java_script_enabled=False)
    alice.goto("/catalog/namespace/request/?application=storefront&environment=dev")
    alice.get_by_role("button", name="Request", exact=True).first.click()
    # a page that moves is read anew every few seconds
    expect(alice.locator("[data-headline]")).to_contain_text("Succeeded", timeout=SETTLED)
    fill_service(alice, image="registry.example.com/shop/storefront", tag="latest")
    alice.get_by_role("button", name="Show what will happen").click()
    expect(alice.get_by_label("What will happen")).to_contain_text("Images are named by a version")
    alice.get_by_role("button", name="YAML").click()
    expect(alice.get_by_label("Values as YAML")).to_have_value(
        "image:\n  repository: registry.example.com/shop/storefront\n  tag: latest\n"
    )
