"""`python -m tools.prepare URL SANDBOX_PORT`: bring database, static files, catalog and demo up to date.

One process for all of it: starting Django costs more than the work itself on a second start.
"""

from __future__ import annotations

import io
import os
import sys
import time

import django
from django.core.management import call_command

from tools import console
from tools.supervisor import health, ports
from tools.supervisor.state import State


def main(url: str, sandbox_port: int) -> None:
    """Each step is safe to repeat; the first that fails ends the process with its traceback."""
    started = time.monotonic()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.dev")
    django.setup()
    for label, *command in (
        ("database", "migrate", "--no-input"),
        ("static files", "collectstatic", "--no-input"),
        ("catalog", "catalog", "sync"),
        ("demo organisation", "demo", "load", "--url", url),
    ):
        if command[0] == "demo":
            _await_cluster(sandbox_port)
        # Django's checks would import every page; `make test` runs them
        call_command(*command, verbosity=0, skip_checks=True, stdout=io.StringIO())
        console.done(label, time.monotonic() - started)
        started = time.monotonic()


def _await_cluster(port: int) -> None:
    """The supervisor ends this process when the sandbox does not get ready."""
    kubeconfig = State.here().kubeconfig
    while not health.cluster_ready(kubeconfig, ports.HOST, port):
        time.sleep(0.05)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
