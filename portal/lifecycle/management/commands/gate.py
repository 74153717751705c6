"""`manage.py gate install|uninstall|status`: the guard around the gates on the command line."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.core.errors import SlipwayError
from portal.lifecycle.commands.gate import install, status, uninstall
from portal.lifecycle.commands.policy.console import Console

ACTIONS: dict[str, Any] = {"install": install, "uninstall": uninstall, "status": status}
NOT_DONE = 2


class Command(BaseCommand):
    help = "The guard around the gates: install it into clusters, switch it off, say how it stands."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="|".join(ACTIONS))
        for name, module in ACTIONS.items():
            module.add_arguments(actions.add_parser(name, help=module.HELP, description=module.__doc__))

    def handle(self, *args: Any, **options: Any) -> None:
        # results are written in parts
        self.stdout.ending = self.stderr.ending = ""
        try:
            status = ACTIONS[options["action"]].run(options, Console(self.stdout, self.stderr))
        except SlipwayError as exc:
            raise CommandError(exc.message, returncode=NOT_DONE) from exc
        if status:
            sys.exit(status)
