"""`python3 -m tools.bootstrap embedded|dev`: make a checkout ready. Later runs find nothing to do and are instant.

Runs on a bare Python 3.11 before anything is installed.
"""

from __future__ import annotations

import fcntl
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from tools import console
from tools.paths import state_dir
from tools.setup import browser, clitools, frontend, python_environment
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
    sources = [clitools.HELM_4, clitools.HELM_3] if level == "dev" else [clitools.HELM_4]
    missing: list[tuple[str, Callable[[], str]]] = []
    if not python_environment.is_current(level):
        missing.append(("Python packages", lambda: python_environment.sync(level, uv) or f"{level}.txt"))
    for source in sources:
        if not clitools.is_current(source):
            missing.append((" and ".join(source.programs), lambda source=source: clitools.ensure(source, uv)))
    if not frontend.is_current():
        missing.append(("front-end packages", lambda: frontend.ensure(uv)))
    if level == "dev" and not browser.chromium():
        missing.append(("Chromium", lambda: browser.ensure() and "from Debian"))
    if not missing:
        return
    console.heading("Setting up")
    with console.step("uv") as note:
        uv = python_environment.find_uv()
        note.append(str(uv))

    def bring(label: str, work: Callable[[], str]) -> None:
        started = time.monotonic()
        origin = work()
        console.done(label, time.monotonic() - started, origin)

    with ThreadPoolExecutor(len(missing)) as pool:
        for future in [pool.submit(bring, label, work) for label, work in missing]:
            future.result()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
