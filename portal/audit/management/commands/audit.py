"""`manage.py audit verify|checkpoint|export|key`: the trail from the command line."""

from __future__ import annotations

import json
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import QuerySet

from portal.accounts.models import Team
from portal.audit import checkpoints, exporting, keys, selecting, verifying
from portal.audit.judging import Record, from_export
from portal.audit.models import AuditEvent

UNUSABLE = 2


class Command(BaseCommand):
    help = "Prove the audit trail, sign how far it has come, or copy it. Ends with 1 where it is broken."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        verify = actions.add_parser("verify", help="name the first record that is wrong, if any")
        verify.add_argument("--export", metavar="FILE", help="of a JSON Lines export, without a database")
        verify.add_argument("--checkpoints", metavar="FILE", help="default: SLIPWAY_AUDIT_CHECKPOINTS")
        verify.add_argument("--public-key", action="append", default=[], metavar="BASE64", dest="keys")
        verify.add_argument("--processes", type=int, metavar="N", help="default: one for each processor")
        actions.add_parser("checkpoint", help="sign where every lane ends now")
        export = actions.add_parser("export", help="all of the trail, or a part of it")
        export.add_argument("--as", choices=sorted(exporting.FORMATS), default="jsonl", dest="form")
        export.add_argument("--output", default="-", metavar="FILE", help="default: standard output")
        export.add_argument("--team", metavar="SLUG")
        export.add_argument("--under", metavar="ACTION", help="change.approved, or change. for all of them")
        export.add_argument("--since", metavar="2026-12-01T00:00Z")
        export.add_argument("--until", metavar="2027-01-01T00:00Z")
        key = actions.add_parser("key", help="make the key file where there is none; never overwrites one")
        key.add_argument(
            "--public", action="store_true", help="print the public key, to be trusted elsewhere"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, options["action"])(options)
        except (OSError, keys.KeyUnusable) as exc:
            raise CommandError(str(exc), returncode=UNUSABLE) from exc

    def verify(self, options: dict[str, Any]) -> None:
        began = time.monotonic()
        known = self._checkpoints(options)
        if options["export"]:
            outcome, partial = self._verify_export(options["export"], known.anchors)
        else:
            outcome = verifying.verify(known.anchors, processes=options["processes"])
            partial = False
        took = time.monotonic() - began
        if outcome.fault:
            raise CommandError(f"The audit trail is broken. {outcome.fault}")
        self.stdout.write(f"{outcome.checked:,} records are as they were written ({took:.1f} s).")
        if partial:
            self.stdout.write("The export is a selection: that nothing is missing from it was not proven.")
        if known.count:
            self.stdout.write(f"{known.count:,} checkpoints fit, from number {known.first}.")
        else:
            self.stdout.write("No checkpoints: that the end was not cut off was not proven.")

    def _checkpoints(self, options: dict[str, Any]) -> checkpoints.Read:
        """Those that were named, or the portal's own where no export is looked at and there are any."""
        path = Path(options["checkpoints"]) if options["checkpoints"] else checkpoints.file()
        if not options["checkpoints"] and (options["export"] or not path.exists()):
            return checkpoints.Read()
        found = checkpoints.read(path, keys.trusted(options["keys"]))
        if found.fault:
            raise CommandError(f"The checkpoints are broken. {found.fault}")
        return found

    def _verify_export(self, name: str, anchors: verifying.Anchors) -> tuple[verifying.Verification, bool]:
        with _opened(name, "r") as lines:
            try:
                head = json.loads(next(iter(lines), "{}"))
                if not isinstance(head, dict) or head.get("kind") != exporting.KIND:
                    raise ValueError("It does not begin as an export does.")
                complete = head.get("complete") is True
                outcome = verifying.verify_export(_records(lines), anchors, complete=complete)
            except ValueError as exc:
                raise CommandError(f"The export cannot be read. {exc}") from exc
        return outcome, not complete

    def checkpoint(self, options: dict[str, Any]) -> None:
        try:
            made = checkpoints.take()
        except checkpoints.CheckpointRefused as refused:
            raise CommandError(f"The audit trail is broken, so nothing was signed. {refused}") from refused
        said = f"Checkpoint {made['number']}: {made['total']:,} records." if made else "Nothing new to sign."
        self.stdout.write(said)

    def export(self, options: dict[str, Any]) -> None:
        rows: QuerySet[AuditEvent] = AuditEvent.objects.all()
        names = ("team", "under", "since", "until")
        selection = {name: options[name] for name in names if options[name]}
        if options["team"]:
            rows = rows.filter(team=_team(options["team"]))
        if options["under"]:
            rows = selecting.of_action(rows, options["under"])
        if options["since"]:
            rows = rows.filter(at__gte=_moment(options["since"]))
        if options["until"]:
            rows = rows.filter(at__lt=_moment(options["until"]))
        lines = exporting.export(
            rows, options["form"], actor=None, selection=selection, complete=not selection
        )
        with _opened(options["output"], "w") as output:
            output.writelines(exporting.in_parts(lines))

    def key(self, options: dict[str, Any]) -> None:
        if not options["public"]:
            made = keys.create()
            self.stdout.write(f"{keys.file()} {'was made' if made else 'is there already, and stays'}.")
            return
        public = keys.signing_key().public_key()
        self.stdout.write(f"{keys.public_text(public)} {keys.id_of(public)}")


@contextmanager
def _opened(name: str, mode: str) -> Iterator[IO[str]]:
    """A file, or standard input or output for `-`."""
    if name == "-":
        yield sys.stdin if mode == "r" else sys.stdout
        return
    with Path(name).open(mode, newline="" if mode == "w" else None, encoding="utf-8") as opened:
        yield opened


def _records(lines: Iterator[str] | IO[str]) -> Iterator[Record]:
    for number, line in enumerate(lines, 2):
        try:
            yield from_export(line)
        except ValueError as exc:
            raise ValueError(f"Line {number}: {exc}") from exc


def _team(slug: str) -> Team:
    team = Team.objects.filter(slug=slug).first()
    if team is None:
        raise CommandError(f"There is no team {slug!r}.")
    return team


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as exc:
        raise CommandError(f"{text!r} is no time such as 2026-12-01T00:00Z.") from exc
    if moment.tzinfo is None:
        raise CommandError(f"{text!r} needs a time zone: 2026-12-01T00:00Z.")
    return moment
