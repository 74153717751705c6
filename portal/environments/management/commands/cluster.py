"""`manage.py cluster register SLUG --kubeconfig FILE`: make a Kubernetes API known to the portal."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.core.errors import SlipwayError
from portal.environments.services import register_cluster


class Command(BaseCommand):
    help = "Register a cluster, or replace its kubeconfig. The kubeconfig is stored encrypted."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=["register"])
        parser.add_argument("slug", help="short name, as environments refer to it")
        parser.add_argument("--name", default="", help="name for people; default: the slug")
        parser.add_argument("--kubeconfig", required=True, help="a file, or - for standard input")
        parser.add_argument("--context", default="", help="default: the kubeconfig's current context")
        parser.add_argument(
            "--concurrency", type=int, help="how many workers may be at work there at once; at first 20"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        source = options["kubeconfig"]
        try:
            text = sys.stdin.read() if source == "-" else Path(source).read_text()
            cluster = register_cluster(
                slug=options["slug"],
                name=options["name"] or options["slug"],
                kubeconfig=text,
                context=options["context"],
                concurrency=options["concurrency"],
            )
        except OSError as exc:
            raise CommandError(f"The kubeconfig cannot be read: {exc}") from exc
        except SlipwayError as exc:
            raise CommandError(exc.message) from exc
        self.stdout.write(f"{cluster.slug} is registered; it runs Kubernetes {cluster.version}.")
