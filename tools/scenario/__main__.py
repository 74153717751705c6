"""`python -m tools.scenario`: drive the main job; exit status 0 only if all of it was verified."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

from tools import console
from tools.paths import bin_dir, state_dir
from tools.scenario.api import Person, StepFailed
from tools.scenario.cluster import Cluster
from tools.scenario.steps import STEPS
from tools.scenario.story import Story


def main() -> int:
    """0 when every step was verified in the cluster, else 1."""
    started = time.monotonic()
    try:
        story = open_story(state_dir())
    except (OSError, ValueError, KeyError) as problem:
        console.fail(f"The demo accounts cannot be read ({problem}). Start the portal first: make up")
        return 1
    console.heading("The main job, over the REST API, each step verified in the cluster")
    for number, (title, step) in enumerate(STEPS, start=1):
        console.say(f"\n  {console.paint(f'{number:>2}. {title}', 'bold')}")
        before = time.monotonic()
        try:
            step(story)
        except (StepFailed, subprocess.TimeoutExpired) as failure:
            console.fail(f"Step {number} of {len(STEPS)} was not verified: {failure}")
            return 1
        console.say(console.paint(f"      {time.monotonic() - before:.1f} s", "dim"))
    total = time.monotonic() - started
    console.say(
        f"\n  {console.paint('✓', 'green')} {len(STEPS)} of {len(STEPS)} steps verified in {total:.1f} s"
    )
    return 0


def open_story(state: Path) -> Story:
    """The people of .slipway/demo.json and the sandbox's kubeconfig."""
    demo = json.loads((state / "demo.json").read_text())
    people = {name: Person(name, user["token"], demo["url"]) for name, user in demo["users"].items()}
    cluster = Cluster(state / "sandbox" / "kubeconfig", bin_dir())
    return Story(people["alice"], people["olga"], people["oscar"], people["pete"], cluster)


if __name__ == "__main__":
    sys.exit(main())
