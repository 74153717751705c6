"""`make chaos`: CHANGES (100), MINUTES (3), SEED (of chance; printed, so that a run can be made again)."""

from __future__ import annotations

import os
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tools import console
from tools.chaos.run import Verdict, run

LARGEST_SEED = 10**6


def main() -> int:
    """Exit status 1 when something is not as it must be."""
    seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(LARGEST_SEED))
    changes = int(os.environ.get("CHANGES") or 100)
    seconds = 60 * float(os.environ.get("MINUTES") or 3)
    again = f"SEED={seed} CHANGES={changes} MINUTES={seconds / 60:g} make chaos"
    console.heading(f"{changes} changes under kills, asked for over {seconds:.0f} s. Again: {again}")
    folder = Path(tempfile.mkdtemp(prefix="slipway-chaos-run-"))
    began = time.monotonic()
    verdict = run(seed, changes=changes, seconds=seconds, folder=folder, say=console.say)
    report(verdict, time.monotonic() - began)
    if verdict.wrong:
        console.fail(f"{len(verdict.wrong)} things are wrong. Logs: {folder / 'log'}. Again: {again}")
        return 1
    shutil.rmtree(folder, ignore_errors=True)
    console.say(f"\nNothing was lost, nothing was done twice. Seed {seed}. Again: {again}")
    return 0


def report(verdict: Verdict, seconds: float) -> None:
    """Tables of kills and ends, then each thing that was to be proven."""
    console.heading("Kills")
    for kind, count in sorted(verdict.kills.items()):
        console.say(f"  {kind:<14} {count:>4}")
    console.say(f"  {'in all':<14} {verdict.kills.total():>4}")
    console.heading("Changes and attempts at them")
    console.say(f"  changes:  {', '.join(f'{count} {end}' for end, count in verdict.ends.most_common())}")
    console.say(f"  attempts: {', '.join(f'{count} {end}' for end, count in verdict.attempts.most_common())}")
    console.heading(f"Proof ({verdict.seconds:.0f} s under way, {seconds:.0f} s in all)")
    for what, problems in verdict.checks.items():
        mark = console.paint("✗", "red") if problems else console.paint("✓", "green")
        console.say(f"  {mark} {what}")
        for problem in problems[:20]:
            console.say(f"      {problem}")


if __name__ == "__main__":
    sys.exit(main())
