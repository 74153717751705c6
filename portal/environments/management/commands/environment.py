"""`manage.py environment save SLUG --order N --cluster SLUG …`: create a stage, or change it."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.environments.models import Cluster, Environment
from portal.environments.services import save_environment


class Command(BaseCommand):
    help = "Create a stage on the way to production, or change it and its gate."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=["save"])
        parser.add_argument("slug")
        parser.add_argument("--name", required=True)
        parser.add_argument("--order", type=int, required=True, help="place among the stages")
        parser.add_argument("--cluster", required=True, help="slug of a registered cluster")
        parser.add_argument("--stripe", choices=Environment.Stripe.values, default=Environment.Stripe.DEV)
        parser.add_argument(
            "--promotes-from", default=[], action="append", help="slug of a stage before; may be repeated"
        )
        parser.add_argument(
            "--approvals", type=int, default=0, choices=range(6), help="how many operators decide"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        cluster = Cluster.objects.filter(slug=options["cluster"]).first()
        if cluster is None:
            raise CommandError(f"There is no cluster {options['cluster']!r}. Register it first.")
        before = []
        for slug in options["promotes_from"]:
            stage = Environment.objects.filter(slug=slug).first()
            if stage is None or slug == options["slug"]:
                raise CommandError(f"{slug!r} is no stage before this one.")
            before.append(stage)
        environment = save_environment(
            slug=options["slug"],
            name=options["name"],
            order=options["order"],
            cluster=cluster,
            stripe=options["stripe"],
            promotes_from=before,
            approvals_required=options["approvals"],
        )
        self.stdout.write(
            f"{environment.slug} runs on {cluster.slug}; approvals: {environment.approvals_required}."
        )
