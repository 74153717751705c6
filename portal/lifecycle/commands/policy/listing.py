"""All policies with their severity and their mode in each environment."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from typing import Any

from portal.lifecycle.commands.policy.console import Console, add_output, add_policies
from portal.lifecycle.commands.policy.stages import known_stages
from portal.lifecycle.commands.policy.standing import policies_in_force
from portal.policy import Bundle, sla
from portal.policy.binding_words import environments_named
from portal.policy.documents import Binding, Policy
from portal.policy.modes import mode_in
from portal.policy.types import ENVIRONMENT_LABEL

HELP = "list the policies with their severity and modes"
# stands for every environment that no binding names
ELSEWHERE = "elsewhere"

Labels = Mapping[str, str]


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--offline", action="store_true", help="do not ask the portal's database")
    add_policies(parser)
    add_output(parser, "text", "json")


def run(options: Mapping[str, Any], console: Console) -> int:
    bundle = policies_in_force(options)
    known = None if options["offline"] else known_stages()
    rows = [_row(policy, bindings, known or _named(bundle)) for policy, bindings in bundle.bound]
    if options["output"] == "json":
        console.out.write(json.dumps(rows, indent=2, ensure_ascii=False) + "\n")
    else:
        console.out.write(_table(rows))
    return 0


def _named(bundle: Bundle) -> dict[str, Labels]:
    """Without the portal's database: the environments that bindings name, and all others."""
    named = environments_named(bundle.bindings)
    return {slug: {ENVIRONMENT_LABEL: slug} for slug in [*named, ELSEWHERE]}


def _row(policy: Policy, bindings: Sequence[Binding], stages: Mapping[str, Labels]) -> dict[str, Any]:
    notes = policy.metadata
    return {
        "name": policy.name,
        "title": notes.title,
        "category": notes.category,
        "severity": notes.severity,
        "timeToRemedy": sla.in_words(sla.time_to_remedy(notes)),
        "modes": {slug: mode_in(bindings, labels) for slug, labels in stages.items()},
        "file": policy.file,
    }


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    stages = list(rows[0]["modes"])
    lines = [["policy", "severity", *stages, "title"]]
    lines += [[row["name"], row["severity"], *row["modes"].values(), row["title"]] for row in rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() + "\n"
        for line in lines
    )
