"""From the last key to the verdict on screen, in Chromium, against bare `helm template` in the same run."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from tests import tools
from tests.benchmarks.conftest import Stack
from tests.benchmarks.reporting import report
from tools.paths import ROOT

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(600)]
KEYS = 40
CHART = ROOT / "services_catalog" / "charts" / "web-service" / "1.1.0"
FORM = "/catalog/web-service/request/?application=storefront&environment=dev"
# types one letter into the image's name, and waits until a verdict that names the new image is on screen
TYPE = """
(wanted) => new Promise((resolve) => {
  const field = document.querySelector("[name='/image/repository']");
  const preview = document.getElementById("preview");
  const seen = () => preview.textContent.includes(wanted + ":");
  field.value = wanted;
  const start = performance.now();
  const observer = new MutationObserver(() => {
    if (!seen()) return;
    observer.disconnect();
    requestAnimationFrame(() => resolve(performance.now() - start));
  });
  observer.observe(preview, { subtree: true, childList: true, characterData: true });
  field.dispatchEvent(new Event("input", { bubbles: true }));
})
"""


def bare(values: Path) -> float:
    command = [str(tools.helm()), "template", "shop-web", str(CHART), "--values", str(values)]
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return (time.perf_counter() - start) * 1000


def open_form(page: Page, stack: Stack) -> None:
    portal = stack.alice.url.rstrip("/")
    page.goto(f"{portal}/sign-in/")
    page.get_by_label("Username").fill("alice")
    page.get_by_label("Password").fill(stack.password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Hello").wait_for()
    page.goto(portal + FORM)
    page.locator("#name").fill("shop-web")
    page.locator("[name='/image/tag']").fill("1.27.0")


def test_a_verdict_after_the_last_key_against_rendering_alone(stack: Stack, tmp_path: Path) -> None:
    namespace = {"application": "storefront", "environment": "dev", "offering": "namespace", "plan": "large"}
    stack.alice.follow(stack.alice.post("changes/", namespace).expect(201))
    values = tmp_path / "values.yaml"
    values.write_text("image: {repository: docker.io/library/x, tag: 1.27.0}\n")
    shown, rendered = [], []
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        page = browser.new_page()
        open_form(page, stack)
        for key in range(KEYS + 3):
            rendered.append(bare(values))
            shown.append(page.evaluate(TYPE, "docker.io/library/" + "abcdefghij"[key % 10] * (1 + key // 10)))
        browser.close()
    shown, rendered = shown[3:], rendered[3:]
    report(
        f"last key to verdict on screen, {KEYS} keys, ms",
        median=statistics.median(shown),
        p95=sorted(shown)[int(KEYS * 0.95)],
        slowest=max(shown),
        bare_helm_template=statistics.median(rendered),
        ratio=statistics.median(ours / theirs for ours, theirs in zip(shown, rendered, strict=True)),
    )
