"""`python3 -m tools.bootstrap embedded|dev`: make a checkout ready. A later run finds nothing to do.

Runs on a bare Python 3.11 before anything is installed.
"""

from __future__ import annotations

import fcntl
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from tools import console
from tools.paths import state_dir
from tools.setup import browser, clitools, frontend, python_environment, test_servers
from tools.setup.commands import SetupFailed

OLDEST_PYTHON = (3, 11)


def main(arguments: list[str]) -> int:
    """Exit status 0 when ready, 1 with what to do on standard error, 2 on a wrong call."""
    if sys.version_info < OLDEST_PYTHON:
        wanted = ".".join(map(str, OLDEST_PYTHON))
        print(f"Slipway needs Python {wanted} or newer; this is {sys.version.split()[0]}.", file=sys.stderr)
        print("Name one: make demo PYTHON=/path/to/python3.11", file=sys.stderr)
        return 1
    if arguments not in (["embedded"], ["dev"]):
        print("usage: python3 -m tools.bootstrap embedded|dev", file=sys.stderr)
        return 2
    lock = state_dir() / "setup.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    try:
        with lock.open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            prepare(arguments[0])
    except SetupFailed as failure:
        console.fail(str(failure))
        return 1
    except KeyboardInterrupt:
        console.fail("Interrupted. Start again: what is done is kept.")
        return 130
    return 0


def prepare(level: str) -> None:
    """Bring in whatever is missing, side by side. Raises SetupFailed."""
    missing = _missing(level)
    if not missing:
        return
    console.heading("Setting up")
    with console.step("uv") as note:
        uv = python_environment.find_uv()
        note.append(str(uv))

    def bring(label: str) -> None:
        started = time.monotonic()
        origin = missing[label](uv)
        console.done(label, time.monotonic() - started, origin)

    with ThreadPoolExecutor(len(missing)) as pool:
        list(pool.map(bring, missing))


def _missing(level: str) -> dict[str, Callable[[Path], str]]:
    """What is to be brought in: its label, and what to call with uv's path; it returns where it came from."""
    missing: dict[str, Callable[[Path], str]] = {}
    if not python_environment.is_current(level):
        missing["Python packages"] = partial(python_environment.sync, level)
    for source in [clitools.HELM_4, clitools.HELM_3] if level == "dev" else [clitools.HELM_4]:
        if not clitools.is_current(source):
            missing[" and ".join(source.programs)] = partial(clitools.ensure, source)
    if not frontend.is_current():
        missing["front-end packages"] = frontend.ensure
    if level == "dev" and not browser.chromium():
        missing["Chromium"] = browser.ensure
    if level == "dev" and test_servers.missing():
        missing["test servers"] = test_servers.ensure
    return missing


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
