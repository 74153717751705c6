"""Which environments, and hence clusters, a subcommand is about."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterable, Mapping
from typing import Any

from portal.core.errors import NotFound
from portal.environments.models import Cluster, Environment
from portal.lifecycle.commands.policy.console import Console
from portal.lifecycle.operations.placing import Step, counts


def add_targets(parser: ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--environment",
        action="append",
        default=[],
        metavar="NAME",
        help="an environment's slug; may be given again (without any: all that are gated or guarded)",
    )
    which.add_argument("--cluster", metavar="NAME", help="all gated environments of this cluster")


def environments_of(options: Mapping[str, Any]) -> list[Environment]:
    """In their order. Raises NotFound for a name that nobody knows, and when there is none at all."""
    rows = {row.slug: row for row in Environment.objects.select_related("cluster").order_by("order")}
    if options["environment"]:
        return [_known(slug, rows) for slug in dict.fromkeys(options["environment"])]
    chosen = [row for row in rows.values() if row.is_gated or row.guard != Environment.Guard.OFF]
    if options["cluster"] is not None:
        slugs = Cluster.objects.values_list("slug", flat=True)
        _known(options["cluster"], dict.fromkeys(slugs))
        chosen = [row for row in chosen if row.cluster.slug == options["cluster"]]
    if not chosen:
        raise NotFound("There is no gated environment here. Name one with --environment.")
    return chosen


def clusters_of(environments: Iterable[Environment]) -> list[Cluster]:
    return list({row.cluster_id: row.cluster for row in environments}.values())


def say(steps: Iterable[Step], console: Console) -> None:
    """What was done in one cluster."""
    steps = list(steps)
    for step in steps:
        if step.action != "same":
            console.out.write(f"{step.action:<7} {step.key}\n")
    said = ", ".join(f"{count} {action}" for action, count in counts(steps).items())
    console.out.write(f"{said}\n")


def _known(slug: str, rows: Mapping[str, Any]) -> Any:
    if slug not in rows:
        raise NotFound(f"There is no {slug!r}. Known are: {', '.join(rows) or 'none'}.")
    return rows[slug]
