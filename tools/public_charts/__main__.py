"""`python -m tools.public_charts FOLDER [--only NAME …] [--page FILE]`: public charts tried with a portal."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import django

from tools import console
from tools.paths import bin_dir


def main() -> int:
    """0 when every chart worked, else 1; what did not is listed with its cause."""
    arguments = _arguments()
    with tempfile.TemporaryDirectory(prefix="slipway-public-charts-") as directory:
        work = Path(directory)
        _settle(work)
        # what needs settings is imported once they are settled
        from tools.public_charts.run import run  # noqa: PLC0415

        charts = sorted(arguments.folder.glob("*.tgz"))
        if arguments.only:
            charts = [each for each in charts if each.name.startswith(tuple(arguments.only))]
        began = time.monotonic()
        trials, text = run(charts, work)
    if arguments.page:
        arguments.page.write_text(text)
    for trial in trials:
        for step, cause in trial.failures:
            console.say(f"  {trial.chart} {trial.version}, {step}: {' '.join(cause.split())[:300]}")
    done = sum(trial.done for trial in trials)
    console.say(f"{done} of {len(trials)} charts in {time.monotonic() - began:.0f} s")
    return 0 if done == len(trials) else 1


def _settle(work: Path) -> None:
    """A database, a cache of charts and a way to loopback, all of this run alone."""
    helm = bin_dir() / "helm"  # before the state is another folder
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "portal.settings.dev",
        "SLIPWAY_DATA_DIR": str(work / "data"),
        "SLIPWAY_DATABASE_URL": f"sqlite:///{work / 'portal.sqlite3'}",
        "SLIPWAY_CHART_CACHE": str(work / "charts"),
        "SLIPWAY_OUTBOUND_ALLOWED": "127.0.0.1",
        "SLIPWAY_BROKER_URL": "memory://",
        "SLIPWAY_HELM": str(helm),
    }
    (work / "data").mkdir()
    django.setup()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.public_charts", description=__doc__)
    parser.add_argument("folder", type=Path, help="with packed charts, *.tgz")
    parser.add_argument("--only", nargs="*", help="charts whose file's name starts so")
    parser.add_argument("--page", type=Path, help="where to write what became of each")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
