"""The first cluster, stages and people of a new portal, from the command line."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from portal.accounts.models import Membership
from portal.audit.models import AuditEvent
from portal.environments.models import ApproverGroup, Cluster, Environment
from tests.factories import UNREACHABLE, ClusterFactory, TeamFactory, UserFactory, member, platform

pytestmark = pytest.mark.django_db


def run(*command: str) -> str:
    out = StringIO()
    call_command(*command, stdout=out)
    return out.getvalue()


def test_a_cluster_is_registered_after_it_was_reached(sandbox_cluster):
    said = run("cluster", "register", "eu-1", "--kubeconfig", str(sandbox_cluster.kubeconfig))
    assert "v1.36.2" in said
    cluster = Cluster.objects.get(slug="eu-1")
    assert cluster.connection.kubeconfig == Path(sandbox_cluster.kubeconfig).read_text()
    assert AuditEvent.objects.filter(action="cluster.registered").count() == 1


def test_what_cannot_be_reached_is_not_registered(tmp_path):
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(UNREACHABLE)
    with pytest.raises(CommandError, match="does not answer"):
        run("cluster", "register", "eu-1", "--kubeconfig", str(kubeconfig))
    assert not Cluster.objects.exists()


def test_stages_follow_each_other_and_saving_again_changes_nothing():
    ClusterFactory(slug="eu-1")
    stage = ("environment", "save", "dev", "--name", "Dev", "--order", "1", "--cluster", "eu-1")
    run(*stage)
    run(*stage)
    last = ("production", "--name", "Production", "--order", "2", "--cluster", "eu-1", "--approvals", "1")
    run("environment", "save", *last, "--promotes-from", "dev")
    production = Environment.objects.get(slug="production")
    assert ([s.slug for s in production.promotes_from.all()], production.approvals_required) == (["dev"], 1)
    run("environment", "save", *last, "--promotes-from", "dev")
    # two stages, and the gate of one
    assert AuditEvent.objects.filter(action="environment.saved").count() == 3


def test_a_stage_needs_a_cluster_and_another_stage_before_it():
    with pytest.raises(CommandError, match="no cluster"):
        run("environment", "save", "dev", "--name", "Dev", "--order", "1", "--cluster", "moon")
    ClusterFactory(slug="eu-1")
    itself = ("environment", "save", "dev", "--name", "Dev", "--order", "1", "--cluster", "eu-1")
    with pytest.raises(CommandError, match="no stage before"):
        run(*itself, "--promotes-from", "dev")


def test_a_person_is_granted_a_role_once():
    UserFactory(username="pete")
    assert "now platform engineer" in run("person", "grant", "pete", "platform_engineer")
    assert "already" in run("person", "grant", "pete", "platform_engineer")
    assert AuditEvent.objects.filter(action="role.granted").count() == 1
    with pytest.raises(CommandError, match="nobody"):
        run("person", "grant", "ghost", "operator")


STAGE = ("environment", "save", "production", "--name", "Production", "--order", "2", "--cluster", "eu-1")


def test_a_stage_gets_its_gate_with_why():
    ClusterFactory(slug="eu-1")
    olga = platform("olga", "operator")
    assert "security: olga" in run("group", "save", "security", "--name", "Security", "--member", "olga")
    evidence = ("--require-evidence", "drift=30", "--require-evidence", "policies=60")
    gate = ("--approvals", "1", "--group", "security", "--one-of-each", "--soak", "60", "--reauthenticate")
    run(*STAGE, *gate, *evidence, "--expire-hours", "48", "--reason", "Agreed.")
    production = Environment.objects.get(slug="production")
    assert list(production.approver_groups.get().members.all()) == [olga]
    assert (production.one_of_each_group, production.reauthenticate) == (True, True)
    assert (production.minimum_soak_minutes, production.changes_expire_after_hours) == (60, 48)
    assert production.required_evidence == {"drift": 30, "policies": 60}
    assert AuditEvent.objects.filter(action="environment.saved").latest("at").comment == "Agreed."
    run(*STAGE, "--no-reauthenticate")
    production.refresh_from_db()
    assert (production.reauthenticate, production.approvals_required) == (False, 1)


def test_a_gate_that_makes_no_sense_leaves_no_stage_behind():
    ClusterFactory(slug="eu-1")
    with pytest.raises(CommandError, match="approver_groups: There is no group 'nobody'"):
        run(*STAGE, "--approvals", "1", "--group", "nobody")
    with pytest.raises(CommandError, match="KIND=MINUTES"):
        run(*STAGE, "--require-evidence", "drift")
    assert not Environment.objects.exists()


def test_a_group_keeps_what_is_not_given():
    platform("olga", "operator")
    run("group", "save", "security", "--name", "Security", "--member", "olga")
    assert "olga" in run("group", "save", "security", "--name", "Security people")
    assert ApproverGroup.objects.get().name == "Security people"
    with pytest.raises(CommandError, match="nobody called 'ghost'"):
        run("group", "save", "security", "--member", "ghost")


def test_a_maintainer_goes_on_call_and_off():
    shop = TeamFactory(slug="shop")
    member("mona", shop, Membership.Role.MAINTAINER)
    member("bob", shop)
    assert "now on call" in run("person", "on-call", "mona", "shop")
    assert "already on call" in run("person", "on-call", "mona", "shop")
    assert Membership.objects.get(user__username="mona").on_call
    assert "now off call" in run("person", "off-call", "mona", "shop")
    with pytest.raises(CommandError, match="no maintainer"):
        run("person", "on-call", "bob", "shop")
    with pytest.raises(CommandError, match="no team 'payments'"):
        run("person", "on-call", "mona", "payments")
