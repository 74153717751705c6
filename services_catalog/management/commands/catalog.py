"""`manage.py catalog sync` loads the library into the database, `check` lints it, `source` is for charts from
elsewhere."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from portal.clusters import binary
from portal.core.errors import SlipwayError, ValidationFailed
from portal.policy import PolicyInvalid, load_bundle
from services_catalog import checks
from services_catalog.management import source
from services_catalog.sync import sync


class Command(BaseCommand):
    help = (
        "The application services library: load it (sync), lint it (check), other sources of charts (source)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="sync|check|source")
        load = actions.add_parser("sync", help="make the database match the library's files")
        load.add_argument("--library", type=Path, help="another folder than SLIPWAY_LIBRARY_DIR")

        lint = actions.add_parser("check", help="render everything with every plan and judge it; for CI")
        lint.add_argument("--library", type=Path, help="another folder than SLIPWAY_LIBRARY_DIR")
        lint.add_argument("--policies", type=Path, help="another folder than SLIPWAY_POLICY_DIR")
        lint.add_argument(
            "--helm",
            type=Path,
            action="append",
            help="a helm to render with; may be repeated. Without it: SLIPWAY_HELM, and helm3 beside it.",
        )

        source.add_arguments(
            actions.add_parser("source", help="Helm repositories, OCI registries, Git folders")
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["action"] == "sync":
                self.load(**options)
            elif options["action"] == "source":
                self.source(options)
            else:
                self.lint(**options)
        except ValidationFailed as exc:
            lines = [f"  {error['path']}: {error['message']}" for error in exc.errors]
            raise CommandError("\n".join([exc.message, *lines])) from exc
        except PolicyInvalid as exc:
            raise CommandError(f"The policies cannot be used:\n{exc.message}") from exc
        except SlipwayError as exc:
            raise CommandError(exc.message) from exc

    def source(self, options: dict[str, Any]) -> None:
        if not source.handle(options, self.stdout.write):
            raise CommandError("The source could not be read.")

    def load(self, library: Path | None, **_: Any) -> None:
        steps = sync(library)
        for step in steps:
            if step.what != "unchanged":
                self.stdout.write(str(step))
        self.stdout.write(self.style.SUCCESS(f"The library is loaded: {len(steps)} entries looked at."))

    def lint(self, library: Path | None, policies: Path | None, helm: list[Path] | None, **_: Any) -> None:
        helms = helm or _helms()
        failures = checks.check(
            library or Path(settings.SLIPWAY_LIBRARY_DIR),
            load_bundle(policies or Path(settings.SLIPWAY_POLICY_DIR)),
            helms,
        )
        if failures:
            lines = [f"  {failure}" for failure in failures]
            raise CommandError("\n".join([f"{len(failures)} things are wrong with the library:", *lines]))
        named = ", ".join(str(each) for each in helms)
        self.stdout.write(
            self.style.SUCCESS(f"Every version renders with every plan and passes policy ({named}).")
        )


def _helms() -> list[Path]:
    """The configured helm, and the older one that set-up unpacks beside it."""
    first = binary.find(settings.SLIPWAY_HELM)
    second = first.with_name("helm3")
    return [first, second] if second.is_file() else [first]
