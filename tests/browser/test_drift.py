"""Edited by kubectl, shown with its author, reverted, gone."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from tests import tools
from tests.browser.conftest import Opened
from tests.fixtures.portal import LivePortal
from tests.fixtures.worker import until
from tests.lifecycle.helpers import WEB, ask
from tests.sandbox.cli import Cli

SECONDS = 90_000


def test_an_edit_is_seen_and_brought_back_before_ones_eyes(
    live_portal: LivePortal, open_as: Opened, tmp_path: Path
) -> None:
    alice, place = live_portal.organisation.alice, {"application": "storefront", "environment": "dev"}
    for wish in ({"offering": "namespace"}, {"offering": "web-service", "name": "shop-web", "values": WEB}):
        change = ask(alice, **place, **wish)
        until(lambda change=change: type(change).objects.get(pk=change.pk).state == "succeeded", seconds=90)
    kubectl = Cli(tools.kubectl(), live_portal.kubeconfig, "storefront-dev", tmp_path)
    kubectl("set", "env", "deployment/shop-web", "DEBUG=1")

    page = open_as("alice")
    page.goto(f"/instances/{change.instance_id}/?tab=drift")
    expect(page.get_by_text("Not looked at yet")).to_be_visible()
    page.get_by_role("button", name="Scan now").click()
    expect(page.get_by_text("spec.template.spec.containers[app].env[DEBUG].value")).to_be_visible(
        timeout=SECONDS
    )
    panel = page.get_by_role("region", name="Deployment/shop-web")
    expect(panel).to_contain_text("kubectl-set")

    page.get_by_role("link", name="Revert…").click()
    expect(page.get_by_role("heading", name="What goes back")).to_be_visible()
    page.get_by_label("Why?").fill("Nobody remembers why.")
    page.locator(".head-actions").get_by_role("button", name="Revert").click()
    expect(page.locator("main")).to_contain_text("runs", timeout=SECONDS)
    changes = type(change).objects.filter(kind="remediate")
    until(lambda: changes.get().state == "succeeded", seconds=90)
    assert "DEBUG" not in kubectl("get", "deployment", "shop-web", "--output", "yaml").stdout

    page.goto(f"/instances/{change.instance_id}/?tab=drift")
    button = page.get_by_role("button", name="Scan now")
    if button.is_enabled():
        button.click()
    expect(page.get_by_text("As sealed, checked")).to_be_visible(timeout=SECONDS)
