"""`manage.py gate`: the guard on the command line, printed for other tools, installed, told of."""

from __future__ import annotations

import io
import json

import pytest
import yaml
from django.core.management import CommandError, call_command

from portal.audit.models import AuditEvent
from portal.environments.models import Environment
from portal.policy import load_bundle
from portal.policy.guard import POLICIES
from portal.policy.schema.check import check
from tests.fixtures.organisation import Organisation


def gate(*arguments: str) -> tuple[int, str]:
    out = io.StringIO()
    try:
        call_command("gate", *arguments, stdout=out, stderr=io.StringIO())
    except SystemExit as end:
        return int(end.code or 0), out.getvalue()
    return 0, out.getvalue()


def test_yaml_is_printed_without_a_cluster_and_is_valid_for_an_api_server(organisation: Organisation) -> None:
    status, said = gate("install", "--mode", "deny", "--output", "yaml", "--portal-user", "slipway")
    documents = list(yaml.safe_load_all(said))
    assert status == 0
    assert [check(document) for document in documents] == [[]] * 6
    assert {policy.name for policy in load_bundle(documents).policies} == set(POLICIES)
    (bound,) = (each for each in documents if each["metadata"]["name"] == "slipway-gate-objects-deny")
    (chosen,) = bound["spec"]["matchResources"]["namespaceSelector"]["matchExpressions"]
    assert chosen["values"] == ["production"]
    assert not AuditEvent.objects.filter(action__startswith="gate.").exists()


def test_yaml_asks_who_the_portal_is_when_nobody_says(provisioned: Organisation) -> None:
    said = gate("install", "--environment", "dev", "--mode", "audit", "--output", "yaml")[1]
    assert "kubernetes-admin" in said
    provisioned.cluster.refresh_from_db()
    assert provisioned.cluster.guard_digest == ""


def test_an_operator_of_the_clusters_own_is_let_through(organisation: Organisation) -> None:
    operator = "system:serviceaccount:cert-manager:cert-manager"
    arguments = ("--mode", "audit", "--output", "yaml", "--portal-user", "slipway", "--controller", operator)
    assert f"'{operator}'" in gate("install", *arguments)[1].replace("\n", "")


def test_deny_comes_after_audit_and_uninstalling_takes_all_out(provisioned: Organisation) -> None:
    with pytest.raises(CommandError, match="Deny comes after audit"):
        gate("install", "--environment", "dev", "--mode", "deny")
    status, said = gate("install", "--environment", "dev", "--mode", "audit")
    assert (status, said.splitlines()[-1]) == (0, "6 create, 0 change, 0 same, 0 remove")
    said = gate("install", "--environment", "dev", "--mode", "deny")[1]
    assert said.splitlines()[-1] == "3 create, 0 change, 3 same, 3 remove"
    status, said = gate("status", "--environment", "dev", "--output", "json")
    (row,) = json.loads(said)
    assert (status, row["mode"], row["standing"], row["bypasses"]) == (0, "deny", "in_force", 0)
    assert gate("status")[1].splitlines()[0].split() == [
        "dev",
        "deny",
        "in",
        "force",
        "0",
        "bypasses",
        "seen",
    ]
    assert gate("uninstall", "--environment", "dev")[1].splitlines()[-1] == (
        "0 create, 0 change, 0 same, 6 remove"
    )
    events = AuditEvent.objects.filter(action__startswith="gate.").order_by("at")
    assert [event.action for event in events] == [
        *("gate.guard_changed", "gate.guard_installed") * 2,
        *("gate.guard_changed", "gate.guard_removed"),
    ]
    assert {event.source for event in events} == {AuditEvent.Source.COMMAND}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--environment", "nowhere", "--mode", "audit"), "There is no 'nowhere'. Known are: dev"),
        (("--cluster", "nowhere", "--mode", "audit"), "There is no 'nowhere'"),
        ((), "Nothing would be guarded: production is off"),
        (("--output", "yaml"), "Nothing would be guarded: production is off"),
        (("--portal-user", "x", "--mode", "audit"), "goes with --output yaml"),
    ],
)
def test_what_cannot_be_done_says_what_to_do(
    organisation: Organisation, arguments: tuple[str, ...], said: str
) -> None:
    with pytest.raises(CommandError, match=said):
        gate("install", *arguments)
    assert not Environment.objects.exclude(guard="off").exists()
