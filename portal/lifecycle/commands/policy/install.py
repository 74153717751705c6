"""Put the policies, in their modes and with their exceptions, into a cluster, and keep them there.

Objects that the portal once put there and that belong there no more are removed. From then on the portal
brings the cluster up to date by itself when a policy, a mode or an exception changes.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from typing import Any

from portal.audit.context import acting
from portal.audit.models import AuditEvent
from portal.core.errors import NotFound
from portal.environments.models import Cluster
from portal.lifecycle.commands.policy.console import Console, add_output
from portal.lifecycle.operations import installation
from portal.lifecycle.operations.installation import Step

HELP = "put the policies into a cluster, or say what has drifted there"
# what a dry run found to be done
DRIFTED = 1


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--cluster", required=True, metavar="NAME", help="the cluster's slug")
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--dry-run", action="store_true", help="only say what differs; exit status 1 when something does"
    )
    what.add_argument("--remove", action="store_true", help="take the portal's policies out again")
    add_output(parser, "text", "json")


def run(options: Mapping[str, Any], console: Console) -> int:
    cluster = Cluster.objects.filter(slug=options["cluster"]).first()
    if cluster is None:
        known = ", ".join(Cluster.objects.values_list("slug", flat=True)) or "none"
        raise NotFound(f"There is no cluster {options['cluster']!r}. Registered are: {known}.")
    if options["dry_run"]:
        steps = installation.plan(cluster)
        drifted = any(step.action != "same" for step in steps)
    else:
        act = installation.uninstall if options["remove"] else installation.install
        with acting(AuditEvent.Source.COMMAND):
            steps = act(cluster, actor=None)
        drifted = False
    _say(steps, options, console)
    return DRIFTED if drifted else 0


def _say(steps: Sequence[Step], options: Mapping[str, Any], console: Console) -> None:
    if options["output"] == "json":
        rows = [{"action": step.action, **step.key.as_dict()} for step in steps]
        console.out.write(json.dumps({"counts": installation.counts(steps), "steps": rows}, indent=2) + "\n")
        return
    for step in steps:
        if step.action != "same":
            console.out.write(f"{step.action:<7} {step.key}\n")
    counts = installation.counts(steps)
    console.out.write(", ".join(f"{count} {action}" for action, count in counts.items()) + "\n")
