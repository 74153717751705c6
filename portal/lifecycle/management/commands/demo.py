"""`manage.py demo load`: write the demo organisation into the database."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from portal.core.errors import SlipwayError
from portal.environments.services import register_cluster
from portal.lifecycle import demo


class Command(BaseCommand):
    help = "Write the demo organisation: a cluster, stages, teams, people and applications."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=["load"])
        parser.add_argument(
            "--kubeconfig", type=Path, help="Default: the sandbox cluster's, in the data directory."
        )
        parser.add_argument("--url", default="http://127.0.0.1:8000", help="Where the portal will be served.")
        parser.add_argument(
            "--accounts", type=Path, help="Where to write passwords and tokens. Default: demo.json."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        data: Path = settings.SLIPWAY_DATA_DIR
        kubeconfig: Path = options["kubeconfig"] or data / "sandbox" / "kubeconfig"
        if not kubeconfig.is_file():
            raise CommandError(
                f"There is no kubeconfig at {kubeconfig}. Start the sandbox cluster first, or name one."
            )
        try:
            cluster = register_cluster(slug="sandbox", name="Sandbox", kubeconfig=kubeconfig.read_text())
        except SlipwayError as exc:
            raise CommandError(exc.message) from exc
        people = demo.load(cluster)
        accounts = options["accounts"] or data / "demo.json"
        demo.write_accounts(accounts, url=options["url"], people=people)
        self.stdout.write(f"{len(people)} people; accounts are in {accounts}")
