"""`manage.py catalog source list|add|sync|remove`: sources of charts, on the command line."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any

from portal.core.errors import NotFound
from services_catalog.models import ChartSource, SyncOutcome
from services_catalog.models.chart_source import INTERVAL_SECONDS, NEWEST
from services_catalog.sources import services, syncing

Write = Callable[[str], object]


def add_arguments(parser: ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="source_action", required=True, metavar="list|add|sync|remove")
    actions.add_parser("list", help="all sources, with how their last sync ended")

    add = actions.add_parser("add", help="add a source; it is read at once")
    add.add_argument("slug")
    add.add_argument("--kind", choices=["helm", "oci", "git"], required=True)
    add.add_argument("--url", required=True, help="https://…, for a registry oci://…")
    add.add_argument("--name", default="")
    add.add_argument(
        *("--chart", "--repository", "--folder"),
        action="append",
        dest="charts",
        default=[],
        help="which charts; may be repeated",
    )
    add.add_argument("--branch", default="")
    add.add_argument("--newest", type=int, default=NEWEST, help="how many versions of each chart")
    add.add_argument("--prereleases", action="store_true")
    add.add_argument("--interval", type=int, default=INTERVAL_SECONDS, help="seconds between two syncs")
    add.add_argument("--username", default="")
    add.add_argument("--secret-stdin", action="store_true", help="read the password or token from there")
    add.add_argument("--keyring", type=Path, help="a file with public OpenPGP keys in ASCII armour")
    add.add_argument("--require-provenance", action="store_true", help="take signed versions only")

    sync = actions.add_parser("sync", help="read a source now, and wait for it")
    sync.add_argument("slug")

    remove = actions.add_parser("remove", help="take a source away from which nothing is on offer")
    remove.add_argument("slug")
    remove.add_argument("--reason", default="")


def handle(options: dict[str, Any], write: Write) -> bool:
    """Do it, and say so. False when a sync has failed. Raises SlipwayError."""
    action = options["source_action"]
    if action == "list":
        for source in ChartSource.objects.present():
            write(_line(source))
    elif action == "add":
        write(f"{_add(options)} is added, and read by a worker.")
    elif action == "sync":
        return _sync(_named(options["slug"]), write)
    else:
        services.remove(_named(options["slug"]), actor=None, comment=options["reason"])
        write(f"{options['slug']} is taken away.")
    return True


def _add(options: dict[str, Any]) -> ChartSource:
    return services.create(
        actor=None,
        slug=options["slug"],
        name=options["name"] or options["slug"],
        kind=options["kind"],
        url=options["url"],
        charts=options["charts"],
        branch=options["branch"],
        newest=options["newest"],
        prereleases=options["prereleases"],
        interval_seconds=options["interval"],
        username=options["username"],
        secret=sys.stdin.readline().strip() if options["secret_stdin"] else "",
        keyring=options["keyring"].read_text() if options["keyring"] else "",
        requires_provenance=options["require_provenance"],
    )


def _sync(source: ChartSource, write: Write) -> bool:
    done = syncing.sync(source)
    for named in done.named:
        write(named)
    refused = source.versions.exclude(refusal_code="").order_by("chart", "pk")
    for row in refused.values_list("chart", "version", "refusal_code", "refusal"):
        write("{} {} refused ({}): {}".format(*row))
    source.refresh_from_db()
    write(_line(source))
    return done.outcome != SyncOutcome.FAILED


def _line(source: ChartSource) -> str:
    said = source.outcome_detail
    counts = ", ".join(f"{said[name]} {name}" for name in ("seen", "new", "refused", "gone") if name in said)
    parts = [source.slug, source.kind, source.url, str(source.get_outcome_display()).lower(), counts]
    line = "  ".join(part for part in parts if part)
    return f"{line}: {said['reason']}" if said.get("reason") else line


def _named(slug: str) -> ChartSource:
    source = ChartSource.objects.present().filter(slug=slug).first()
    if source is None:
        raise NotFound(f"There is no source called {slug}. See `manage.py catalog source list`.")
    return source
