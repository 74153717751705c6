"""Put the guard around the gates of environments into their clusters, and keep it there.

With --output yaml the documents are printed and no cluster is changed; with --portal-user none is even asked.
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from portal.audit.context import acting
from portal.audit.models import AuditEvent
from portal.core.errors import InvalidInput
from portal.environments.models import Cluster, Environment
from portal.lifecycle.commands.gate.targets import add_targets, clusters_of, environments_of, say
from portal.lifecycle.commands.policy.console import Console, add_output
from portal.lifecycle.operations import guarding
from portal.lifecycle.services import guards

HELP = "put the guard around gates into clusters, or print it"
NO_MODE = (
    "Nothing would be guarded: {names} is off. Say --mode audit first, and --mode deny once that has run."
)

SHARED = (
    "Warning: this cluster knows the portal as {name}, an administrator (system:masters). The guard lets "
    "through whoever else uses these credentials. Give the portal an account of its own.\n"
)


def add_arguments(parser: ArgumentParser) -> None:
    add_targets(parser)
    parser.add_argument("--mode", choices=guarding.IN_FORCE, help="set this mode; without it the modes stay")
    parser.add_argument("--reason", default="manage.py gate install", help="kept in the audit trail")
    parser.add_argument(
        "--portal-user",
        action="append",
        default=[],
        metavar="NAME",
        help="with --output yaml: the name by which the cluster knows the portal (kubectl auth whoami)",
    )
    parser.add_argument(
        "--controller",
        action="append",
        default=[],
        metavar="NAME",
        help="an operator's service account that may write too; may be given again",
    )
    add_output(parser, "text", "yaml")


def run(options: Mapping[str, Any], console: Console) -> int:
    environments = environments_of(options)
    if options["output"] == "yaml":
        _print(environments, options, console)
        return 0
    if options["portal_user"]:
        raise InvalidInput("--portal-user goes with --output yaml: a cluster says itself who the portal is.")
    with acting(AuditEvent.Source.COMMAND):
        for environment in environments:
            _set(environment, options)
        for cluster in clusters_of(environments):
            if not guarding.modes_of(cluster):
                raise _nothing(environments)
            console.notes.write(f"{cluster}:\n")
            say(guarding.install(cluster, actor=None), console)
            _warn(cluster, console)
    return 0


def _set(environment: Environment, options: Mapping[str, Any]) -> None:
    """Mode and operators, as far as they are given."""
    mode, controllers = options["mode"] or environment.guard, options["controller"] or None
    guards.set_mode(environment, mode, reason=options["reason"], actor=None, controllers=controllers)


def _warn(cluster: Cluster, console: Console) -> None:
    portal = guarding.portal_in(cluster)
    if portal.is_administrator:
        console.notes.write(SHARED.format(name=portal.name))


def _print(environments: Sequence[Environment], options: Mapping[str, Any], console: Console) -> None:
    modes = {row.slug: options["mode"] or row.guard for row in environments}
    wanted = {slug: mode for slug, mode in modes.items() if mode != Environment.Guard.OFF}
    if not wanted:
        raise _nothing(environments)
    users = options["portal_user"] or _portal_in(environments)
    documents = guarding.documents_for(wanted, users, options["controller"])
    console.out.write(yaml.safe_dump_all(documents, sort_keys=False, width=100, allow_unicode=True))


def _portal_in(environments: Sequence[Environment]) -> list[str]:
    clusters = clusters_of(environments)
    if len(clusters) > 1:
        raise InvalidInput(
            "These environments are in several clusters, which may know the portal by other names. Choose "
            "one with --cluster, or name the portal with --portal-user."
        )
    return [guarding.portal_in(clusters[0]).name]


def _nothing(environments: Sequence[Environment]) -> InvalidInput:
    return InvalidInput(NO_MODE.format(names=" and ".join(row.slug for row in environments)))
