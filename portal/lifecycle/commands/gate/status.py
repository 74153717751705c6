"""Say for each environment which guard is set, whether it is in force, and what went around the gate.

Reads what the portal knows; no cluster is asked. Exit status 1 when a guard is not as it should be.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from portal.lifecycle.commands.gate.targets import add_targets, environments_of
from portal.lifecycle.commands.policy.console import Console, add_output
from portal.lifecycle.selectors import guards
from portal.lifecycle.selectors.guards import Guard

HELP = "say which guard is set, in force, and what went around"
WRONG = ("drifted", "failed")


def add_arguments(parser: ArgumentParser) -> None:
    add_targets(parser)
    add_output(parser, "text", "json")


def run(options: Mapping[str, Any], console: Console) -> int:
    wanted = {row.pk for row in environments_of(options)}
    found = [guard for guard in guards.every() if guard.environment.pk in wanted]
    if options["output"] == "json":
        console.out.write(json.dumps([_row(guard) for guard in found], indent=2) + "\n")
    else:
        for guard in found:
            console.out.write(_line(guard))
    return 1 if any(guard.standing in WRONG for guard in found) else 0


def _row(guard: Guard) -> dict[str, Any]:
    return {
        "environment": guard.environment.slug,
        "cluster": guard.environment.cluster.slug,
        "mode": guard.mode,
        "standing": guard.standing,
        "since": guard.since.isoformat() if guard.since else None,
        "checked_at": guard.checked_at.isoformat() if guard.checked_at else None,
        "watched_at": guard.watched_at.isoformat() if guard.watched_at else None,
        "message": guard.message,
        "bypasses": guard.bypass_count,
    }


def _line(guard: Guard) -> str:
    said = f" ({guard.message})" if guard.message else ""
    standing = guard.standing.replace("_", " ")
    return (
        f"{guard.environment.slug:<12} {guard.mode:<6} {standing:<9} "
        f"{guard.bypass_count} bypasses seen{said}\n"
    )
