"""The pages of a running demo as pictures: `python -m tools.screenshots [all] [--only NAME …]`.

Without `all`, only what the documentation shows, in the looks that it shows. Nothing is changed in the demo;
pages for which it has no example are left out, and said so.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, Page, sync_playwright

from tools.paths import ROOT, state_dir

FOLDER = ROOT / "docs" / "screenshots"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDE, NARROW = (1280, 800), (390, 844)
Look = Literal["light", "dark"]
LOOKS: tuple[tuple[Look, tuple[int, int]], ...] = (("light", WIDE), ("dark", WIDE), ("light", NARROW))


@dataclass(frozen=True)
class Shot:
    """One page as one person sees it. `first`: follow the first link of `path` that begins with it; `follow`:
    then the first link of this name. `paste`: put the first file of this pattern into the text. `documented`:
    the looks that the documentation shows."""

    name: str
    person: str
    path: str
    first: str = ""
    tab: str = ""
    follow: str = ""
    paste: str = ""
    documented: tuple[str, ...] = ()


SHOTS = (
    Shot("home", "alice", "/", documented=("light",)),
    Shot("catalog", "alice", "/catalog/", documented=("light",)),
    Shot("offering", "alice", "/catalog/web-service/"),
    Shot(
        "request",
        "alice",
        "/catalog/web-service/request/?application=storefront&environment=dev",
        documented=("light", "narrow"),
    ),
    Shot("application", "alice", "/applications/storefront/", documented=("light",)),
    Shot("applications", "alice", "/applications/"),
    Shot("instances", "alice", "/instances/"),
    Shot("instance", "alice", "/instances/?offering=web-service", first="/instances/", documented=("dark",)),
    Shot("releases", "alice", "/instances/?offering=web-service", first="/instances/", tab="releases"),
    Shot("changes", "alice", "/changes/"),
    Shot("denied", "alice", "/changes/?state=denied", first="/changes/", documented=("light",)),
    Shot("decision", "olga", "/approvals/?kind=promote", first="/changes/", documented=("dark",)),
    Shot("change", "olga", "/changes/?environment=production", first="/changes/", documented=("light",)),
    Shot("diff", "olga", "/changes/?kind=update", first="/changes/", tab="diff"),
    Shot("log", "olga", "/changes/?state=succeeded", first="/changes/", tab="log"),
    Shot("queue", "olga", "/approvals/", documented=("light", "narrow")),
    Shot("reviews", "oscar", "/approvals/?tab=review"),
    Shot("break-glass", "olga", "/approvals/", first="/changes/", follow="Pass the gate"),
    Shot("policies", "alice", "/policies/", documented=("light",)),
    Shot("policy", "alice", "/policies/pod-privileged/", documented=("dark",)),
    Shot("policy-examples", "alice", "/policies/pod-privileged/?tab=examples"),
    Shot("policy-source", "alice", "/policies/pod-privileged/?tab=source"),
    Shot("violations", "olga", "/policies/image-digest/?tab=violations"),
    Shot("mode", "pete", "/policies/probes/mode/?environment=dev"),
    Shot(
        "playground",
        "alice",
        "/policies/playground/",
        paste="policies/tests/pod-privileged/bad-*.yaml",
        documented=("dark",),
    ),
    Shot(
        "blast-radius",
        "pete",
        "/policies/blast-radius/",
        first="/policies/blast-radius/",
        documented=("light",),
    ),
    Shot("exceptions", "olga", "/exceptions/"),
    Shot("exception", "olga", "/exceptions/", first="/exceptions/", documented=("light",)),
    Shot(
        "exception-request",
        "alice",
        "/changes/?state=denied",
        first="/changes/",
        tab="verdicts",
        follow="Ask for an exception",
    ),
    Shot("exception-debt", "olga", "/exceptions/debt/", documented=("light",)),
    Shot("drift", "olga", "/drift/?status=all"),
    Shot("instance-drift", "alice", "/instances/?offering=web-service", first="/instances/", tab="drift"),
    Shot("instance-policy", "alice", "/instances/", first="/instances/", tab="policy"),
    Shot("cluster-policies", "pete", "/platform/clusters/sandbox/policies/?compare=yes"),
    Shot("guard", "pete", "/platform/environments/production/guard/"),
    Shot("audit", "audrey", "/audit/"),
    Shot("tokens", "alice", "/me/tokens/"),
    Shot("admin", "pete", "/platform/"),
    Shot("design", "pete", "/design/"),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("which", nargs="?", choices=["documented", "all"], default="documented")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--data-dir", type=Path, default=state_dir())
    parser.add_argument("--only", nargs="+", metavar="NAME", help="pictures of these names alone")
    options = parser.parse_args()
    demo = options.data_dir / "demo.json"
    chromium = shutil.which("chromium")
    if not demo.is_file() or not chromium:
        missing = f"{demo} (run `make demo` first)" if chromium else "the package `chromium`"
        print(f"Missing: {missing}.", file=sys.stderr)
        return 1
    options.folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        every = options.which == "all"
        for line in take(browser, json.loads(demo.read_text()), wanted(options), options.folder, every):
            print(line)
        browser.close()
    return 0


def wanted(options: argparse.Namespace) -> list[Shot]:
    if options.only:
        return [shot for shot in SHOTS if shot.name in options.only]
    return [shot for shot in SHOTS if options.which == "all" or shot.documented]


def take(
    browser: Browser, demo: dict[str, Any], shots: list[Shot], folder: Path, every: bool
) -> Iterator[str]:
    """Take the pictures; with `every`, each page light and dark, and narrow."""
    for look, size in LOOKS:
        suffix = "narrow" if size == NARROW else look
        shown = [shot for shot in shots if every or suffix in shot.documented]
        for person in sorted({shot.person for shot in shown}):
            page = sign_in(browser, demo, person, look, size)
            for shot in (each for each in shown if each.person == person):
                file = folder / f"{shot.name}-{suffix}.png"
                if not reach(page, shot):
                    yield f"{file.name}: left out, the demo has no example"
                    continue
                page.screenshot(path=file)
                yield file.name
            page.context.close()


def sign_in(browser: Browser, demo: dict[str, Any], person: str, look: Look, size: tuple[int, int]) -> Page:
    width, height = size
    context = browser.new_context(
        base_url=demo["url"], color_scheme=look, viewport={"width": width, "height": height}
    )
    page = context.new_page()
    page.goto("/sign-in/")
    page.get_by_label("Username").fill(person)
    page.get_by_label("Password").fill(demo["users"][person]["password"])
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Hello").wait_for()
    return page


def reach(page: Page, shot: Shot) -> bool:
    """Go to the page and wait until its live parts have answered. False when there is no such page."""
    page.goto(shot.path)
    if shot.first:
        links = page.locator(f"main a.who[href^='{shot.first}']")
        if not links.count():
            return False
        address = links.first.get_attribute("href")
        page.goto(f"{address}?tab={shot.tab}" if shot.tab else str(address))
    if shot.follow:
        links = page.get_by_role("link", name=shot.follow)
        if not links.count():
            return False
        links.first.click()
    if shot.paste:
        page.locator("#yaml").fill(sorted(ROOT.glob(shot.paste))[0].read_text())
        page.get_by_role("button", name="Judge").first.click()
    page.wait_for_load_state("networkidle")
    page.evaluate("document.fonts.ready")
    return True


if __name__ == "__main__":
    raise SystemExit(main())
