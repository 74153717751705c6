"""`python -m tools.tries FOLDER [--only MANNER …]`: try a running demo, and keep a picture of each step.

Asks for a web service in application storefront for each manner, and takes it to production. Ends with 1 when
one of them did not get there, or needed more steps or seconds than a newcomer should.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Error, sync_playwright

from tools.paths import state_dir
from tools.scenario.api import Person
from tools.screenshots import ARGUMENTS
from tools.tries.hands import Hands, Lost
from tools.tries.manners import MANNERS, Manner
from tools.tries.story import Tried, prepare, tell

STEPS, SECONDS = 5, 30.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data-dir", type=Path, default=state_dir())
    parser.add_argument("--only", nargs="+", metavar="MANNER", choices=[each.name for each in MANNERS])
    options = parser.parse_args()
    demo, chromium = options.data_dir / "demo.json", shutil.which("chromium")
    if not demo.is_file() or not chromium:
        missing = f"{demo} (run `make up DETACH=1` first)" if chromium else "the package `chromium`"
        print(f"Missing: {missing}.", file=sys.stderr)
        return 1
    options.folder.mkdir(parents=True, exist_ok=True)
    known = json.loads(demo.read_text())
    prepare(*(Person(name, known["users"][name]["token"], known["url"]) for name in ("alice", "olga")))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        chosen = [each for each in MANNERS if not options.only or each.name in options.only]
        results = [attempt(browser, known, manner, options.folder) for manner in chosen]
        browser.close()
    return 0 if all(results) else 1


def attempt(browser: Browser, known: dict[str, Any], manner: Manner, folder: Path) -> bool:
    """Whether it went well; what was seen is printed."""
    alice, olga = (Hands(browser, known["url"], manner, folder) for _ in range(2))
    passwords = {name: known["users"][name]["password"] for name in ("alice", "olga")}
    began = time.monotonic()
    try:
        tried = tell(alice, olga, passwords)
    except (Lost, Error, AssertionError) as stuck:
        for name, hands in (("alice", alice), ("olga", olga)):
            hands.keep(f"stuck-{name}")
        print(f"{manner.name}: stuck. {stuck}")
        return False
    finally:
        alice.close()
        olga.close()
    print(
        f"{manner.name}: {tried.name} asked for in {tried.steps} steps and {tried.seconds:.1f} s, "
        f"in production after {time.monotonic() - began:.0f} s"
    )
    return within(tried)


def within(tried: Tried) -> bool:
    return tried.steps <= STEPS and tried.seconds < SECONDS


if __name__ == "__main__":
    raise SystemExit(main())
