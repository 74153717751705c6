"""`manage.py sandbox`: the sandbox cluster, with the options of `python -m portal.sandbox`."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from portal.sandbox import process


class Command(BaseCommand):
    help = "Serve the sandbox cluster: a Kubernetes API on loopback, for evaluation and tests."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        process.add_arguments(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        chosen = process.Options(
            options["host"],
            options["port"],
            options["data"],
            options["kubeconfig"] or options["data"] / "kubeconfig",
            options["addons"],
        )
        sys.exit(process.run(chosen))
