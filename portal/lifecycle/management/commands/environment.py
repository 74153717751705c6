"""`manage.py environment save SLUG --order N --cluster SLUG …`: create a stage, or change it."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, BooleanOptionalAction
from collections.abc import Mapping
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from portal.core.errors import SlipwayError, ValidationFailed
from portal.environments.models import Cluster, Environment
from portal.environments.services import save_environment
from portal.lifecycle.selectors.evidence import KINDS
from portal.lifecycle.services.gates import change_gate

# option: (rule of the gate, what it means)
NUMBERS: Mapping[str, tuple[str, str]] = {
    "--approvals": ("approvals_required", "how many people have to consent; 0: no gate"),
    "--rollback-approvals": ("rollback_approvals_required", "of a rollback to what has run here before"),
    "--soak": ("minimum_soak_minutes", "minutes that a promoted release must have been healthy before"),
    "--expire-hours": ("changes_expire_after_hours", "after which nobody can decide any more"),
    "--remind-hours": ("remind_after_hours", "after which those who may decide are told again; 0: never"),
    "--escalate-hours": ("escalate_after_hours", "after which all operators are told; 0: never"),
    "--review-hours": ("review_within_hours", "in which breaking the glass has to be reviewed"),
}
SWITCHES: Mapping[str, tuple[str, str]] = {
    "--one-of-each": ("one_of_each_group", "somebody of each group has to approve"),
    "--reauthenticate": ("reauthenticate", "approving wants the password again"),
    "--supersede": ("supersede_waiting", "a newer request takes the place of one that waits"),
    "--requester-may-decide": ("requester_may_decide", "a relaxation: whoever asked may approve"),
    "--contributors-may-decide": ("contributors_may_decide", "a relaxation: others who took part may"),
    "--requester-may-break-glass": ("requester_may_break_glass", "a relaxation: in an emergency, alone"),
}


class Command(BaseCommand):
    help = "Create a stage on the way to production, or change it and its gate. What is not given stays."

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
        gate = parser.add_argument_group("its gate")
        for option, (rule, meaning) in NUMBERS.items():
            gate.add_argument(option, dest=rule, type=int, metavar="N", help=meaning)
        for option, (rule, meaning) in SWITCHES.items():
            gate.add_argument(option, dest=rule, action=BooleanOptionalAction, default=None, help=meaning)
        gate.add_argument(
            "--group", dest="approver_groups", action="append", help="slug of a group; may be repeated"
        )
        gate.add_argument(
            "--require-evidence",
            dest="required_evidence",
            action="append",
            type=_evidence,
            metavar="KIND=MINUTES",
            help=f"evidence, and how old it may be; may be repeated. Kinds: {', '.join(KINDS)}",
        )
        gate.add_argument("--reason", default="From the command line.", help="kept in the audit trail")

    def handle(self, *args: Any, **options: Any) -> None:
        cluster = Cluster.objects.filter(slug=options["cluster"]).first()
        if cluster is None:
            raise CommandError(f"There is no cluster {options['cluster']!r}. Register it first.")
        try:
            with transaction.atomic():
                environment = save_environment(
                    slug=options["slug"],
                    name=options["name"],
                    order=options["order"],
                    cluster=cluster,
                    stripe=options["stripe"],
                    promotes_from=_stages_before(options),
                )
                rules = _rules(options)
                if rules:
                    environment = change_gate(environment, actor=None, reason=options["reason"], **rules)
        except SlipwayError as exc:
            raise CommandError(_said(exc)) from exc
        self.stdout.write(
            f"{environment.slug} runs on {cluster.slug}; approvals: {environment.approvals_required}."
        )


def _evidence(text: str) -> tuple[str, int]:
    kind, _, minutes = text.partition("=")
    if not minutes.isdecimal():
        raise ArgumentTypeError(f"{text!r} is not KIND=MINUTES, such as drift=60")
    return kind, int(minutes)


def _stages_before(options: Mapping[str, Any]) -> list[Environment]:
    before = []
    for slug in options["promotes_from"]:
        stage = Environment.objects.filter(slug=slug).first()
        if stage is None or slug == options["slug"]:
            raise CommandError(f"{slug!r} is no stage before this one.")
        before.append(stage)
    return before


def _rules(options: Mapping[str, Any]) -> dict[str, Any]:
    names = ["approver_groups", *(rule for rule, _ in (*NUMBERS.values(), *SWITCHES.values()))]
    rules = {name: options[name] for name in names if options[name] is not None}
    if options["required_evidence"] is not None:
        rules["required_evidence"] = dict(options["required_evidence"])
    return rules


def _said(error: SlipwayError) -> str:
    if isinstance(error, ValidationFailed):
        return " ".join(f"{each['path'].strip('/')}: {each['message']}" for each in error.errors)
    return error.message
