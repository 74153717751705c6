"""`python -m tools.chaos.prepare KUBECONFIG URL`: bring a stack's database up to date, in one process."""

from __future__ import annotations

import io
import os
import sys

import django
from django.core.management import call_command


def main(kubeconfig: str, url: str) -> None:
    """Each step finds next to nothing to do but the last: the database is a copy of a migrated one."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.dev")
    django.setup()
    quiet = {"verbosity": 0, "skip_checks": True, "stdout": io.StringIO()}
    call_command("migrate", interactive=False, **quiet)
    call_command("catalog", "sync", **quiet)
    call_command("demo", "load", "--url", url, "--kubeconfig", kubeconfig, **quiet)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
