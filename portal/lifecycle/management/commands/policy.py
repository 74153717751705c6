"""`manage.py policy check|verdicts|install|docs|list`: the organisation's policies on the command line."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.core.errors import SlipwayError
from portal.lifecycle.commands.policy import check, docs, install, listing, verdicts
from portal.lifecycle.commands.policy.console import Console
from portal.policy import PolicyInvalid, PolicyProblem

ACTIONS: dict[str, Any] = {
    "check": check,
    "verdicts": verdicts,
    "install": install,
    "docs": docs,
    "list": listing,
}
NOT_DONE = 2


class Command(BaseCommand):
    help = "The organisation's policies: judge files, answer cases, install, make the page, list."
    # nothing here serves pages, and the checks cost a second
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="|".join(ACTIONS))
        for name, module in ACTIONS.items():
            module.add_arguments(actions.add_parser(name, help=module.HELP, description=module.__doc__))

    def handle(self, *args: Any, **options: Any) -> None:
        # results are written in parts
        self.stdout.ending = ""
        console = Console(self.stdout, self.stderr, colour=self._coloured(options))
        try:
            status = ACTIONS[options["action"]].run(options, console)
        except PolicyInvalid as exc:
            lines = [f"  {_place(problem)}: {problem.message}" for problem in exc.problems]
            said = "\n".join(["The policies cannot be used:", *lines])
            raise CommandError(said, returncode=NOT_DONE) from exc
        except SlipwayError as exc:
            raise CommandError(exc.message, returncode=NOT_DONE) from exc
        except Exception as exc:
            # 1 means that something blocks, and this is not known here
            message = f"This failed: {type(exc).__name__}: {exc}. --traceback shows where."
            raise CommandError(message, returncode=NOT_DONE) from exc
        if status:
            sys.exit(status)

    def _coloured(self, options: dict[str, Any]) -> bool:
        if options["force_color"]:
            return True
        return self.stdout.isatty() and not options["no_color"] and "NO_COLOR" not in os.environ


def _place(problem: PolicyProblem) -> str:
    """File, document (from 1), policy and field, as far as they are known."""
    policy = problem.policy and f"policy {problem.policy}"
    document = f"document {problem.document + 1}"
    return ", ".join(part for part in (problem.file, document, policy, problem.field) if part)
