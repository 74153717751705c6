"""`manage.py credentials rotate|check`: stored secrets under the newest of SLIPWAY_FIELD_KEYS."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from portal.accounts import rotation
from portal.accounts.encryption import key_id
from portal.lifecycle.services import credentials


class Command(BaseCommand):
    help = (
        "rotate: encrypt anew whatever is not under the first key of SLIPWAY_FIELD_KEYS; may be killed and "
        "run again at any time, while the portal works. check: say what is under which key; fails while "
        "anything is under an older one, so that nobody takes that key away too early."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=["rotate", "check"])

    def handle(self, *args: Any, **options: Any) -> None:
        if options["action"] == "rotate":
            self._rotate()
        self._check()

    def _rotate(self) -> None:
        for done in credentials.rotate(actor=None):
            self.stdout.write(f"{done.place}: {done.changed} rows encrypted anew.")
            if done.unreadable:
                some = ", ".join(str(pk) for pk in done.unreadable[:10])
                self.stderr.write(f"{done.place}: {len(done.unreadable)} rows cannot be read ({some}).")

    def _check(self) -> None:
        newest = key_id(settings.SLIPWAY_FIELD_KEYS[0])
        for place, counts in rotation.standing().items():
            said = ", ".join(f"{count} under {name}" for name, count in sorted(counts.items()))
            self.stdout.write(f"{place}: {said or 'no rows'}.")
        left = rotation.outdated()
        if left:
            rows = ", ".join(f"{count} of {place}" for place, count in left.items())
            raise CommandError(
                f"Not under the newest key {newest}: {rows}. Run `manage.py credentials rotate`; a row that "
                "cannot be read needs the key that it was written with."
            )
        self.stdout.write(f"Everything is under the newest key {newest}; older ones may be taken away.")
