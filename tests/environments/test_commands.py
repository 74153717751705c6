"""The first cluster, stages and people of a new portal, from the command line."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from portal.audit.models import AuditEvent
from portal.environments.models import Cluster, Environment
from tests.factories import UNREACHABLE, ClusterFactory, UserFactory

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
    assert AuditEvent.objects.filter(action="environment.saved").count() == 2


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
