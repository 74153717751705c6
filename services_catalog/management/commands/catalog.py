"""`manage.py catalog sync` loads the library into the database; `manage.py catalog check` lints it."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.core.errors import SlipwayError, ValidationFailed
from services_catalog.sync import sync


class Command(BaseCommand):
    help = "The application services library: load it (sync) or lint it (check)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="sync|check")
        load = actions.add_parser("sync", help="make the database match the library's files")
        load.add_argument("--library", type=Path, help="another folder than SLIPWAY_LIBRARY_DIR")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, options["action"])(**options)
        except ValidationFailed as exc:
            lines = [f"  {error['path']}: {error['message']}" for error in exc.errors]
            raise CommandError("\n".join([exc.message, *lines])) from exc
        except SlipwayError as exc:
            raise CommandError(exc.message) from exc

    def sync(self, library: Path | None, **_: Any) -> None:
        steps = sync(library)
        for step in steps:
            if step.what != "unchanged":
                self.stdout.write(str(step))
        self.stdout.write(self.style.SUCCESS(f"The library is loaded: {len(steps)} entries looked at."))
