"""Switch the guard of environments off, and take out of their clusters what belongs there no more."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from portal.audit.context import acting
from portal.audit.models import AuditEvent
from portal.environments.models import Environment
from portal.lifecycle.commands.gate.targets import add_targets, clusters_of, environments_of, say
from portal.lifecycle.commands.policy.console import Console
from portal.lifecycle.operations import guarding
from portal.lifecycle.services import guards

HELP = "switch the guard off"


def add_arguments(parser: ArgumentParser) -> None:
    add_targets(parser)
    parser.add_argument("--reason", default="manage.py gate uninstall", help="kept in the audit trail")


def run(options: Mapping[str, Any], console: Console) -> int:
    environments = environments_of(options)
    with acting(AuditEvent.Source.COMMAND):
        for environment in environments:
            guards.set_mode(environment, Environment.Guard.OFF, reason=options["reason"], actor=None)
        for cluster in clusters_of(environments):
            console.notes.write(f"{cluster}:\n")
            say(guarding.install(cluster, actor=None), console)
    return 0
