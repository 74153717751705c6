"""An instance's page, live: its objects come by themselves, nothing moves, a pod that fails says why."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from portal.clusters.kubernetes import Kubernetes
from portal.core.objects import ObjectKey
from portal.lifecycle.models import ServiceInstance
from tests.browser.conftest import Opened
from tests.browser.test_promoting import WEB, done
from tests.fixtures.portal import LivePortal

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
SHIFTS = """() => new Promise((resolve) => {
  let total = 0;
  const unasked = (list) => list.getEntries().filter((each) => !each.hadRecentInput);
  const count = (list) => unasked(list).forEach((each) => { total += each.value; });
  new PerformanceObserver(count).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => resolve(total), 300);
})"""
MOST_SHIFT = 0.1
SOON = 30_000


@pytest.fixture
def running(live_portal: LivePortal) -> ServiceInstance:
    alice = live_portal.organisation.alice
    where = {"application": "storefront", "environment": "dev"}
    done(alice, **where, offering="namespace")
    return done(alice, **where, offering="web-service", name="shop-web", values=WEB)


def breaks(running: ServiceInstance) -> None:
    """Somebody puts an image into the Deployment that ends at once."""
    key = ObjectKey("apps/v1", "Deployment", running.namespace, "shop-web")
    image = {
        "op": "replace",
        "path": "/spec/template/spec/containers/0/image",
        "value": "x.example.com/crash:1",
    }
    Kubernetes(running.environment.cluster.connection).patch(key, [image], "somebody")


def shift_of(page: Page) -> float:
    found = page.evaluate(SHIFTS)
    assert isinstance(found, int | float)
    return float(found)


def test_objects_pods_and_logs_follow_what_happens(open_as: Opened, running: ServiceInstance) -> None:
    alice = open_as("alice")
    alice.goto(f"/instances/{running.pk}/?tab=objects")
    tree = alice.locator("#objects")
    expect(tree).to_contain_text("ReplicaSet")
    expect(tree.get_by_role("link", name="shop-web", exact=True).first).to_be_visible()
    assert shift_of(alice) < MOST_SHIFT

    alice.get_by_role("link", name="Pods & logs").click()
    expect(alice.locator("#pods")).to_contain_text("Running")
    assert shift_of(alice) < MOST_SHIFT
    breaks(running)
    expect(alice.locator("#pods")).to_contain_text("CrashLoopBackOff", timeout=SOON)
    expect(alice.locator("#pods")).to_contain_text("Read the log of the run before")
    alice.get_by_role("link", name="Run before").first.click()
    expect(alice.get_by_role("log")).to_contain_text("ended with exit code 1")
    alice.goto(f"/instances/{running.pk}/?tab=events")
    expect(alice.locator("#events")).to_contain_text("Back-off restarting", timeout=SOON)


def test_without_a_script_each_part_is_a_page(open_as: Opened, running: ServiceInstance) -> None:
    alice = open_as("alice", java_script_enabled=False, viewport={"width": 390, "height": 844})
    alice.goto(f"/instances/{running.pk}/?tab=objects")
    alice.get_by_role("link", name="Ask the cluster").click()
    expect(alice.get_by_text("ReplicaSet", exact=True)).to_be_visible()
    alice.goto(f"/instances/{running.pk}/pods/")
    alice.get_by_role("link", name="Log").first.click()
    expect(alice.get_by_role("log")).to_contain_text("[sandbox] started container")
