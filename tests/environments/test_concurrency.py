"""How busy the portal may be on one cluster is told when the cluster is registered."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from portal.core import clock
from portal.environments.models import Cluster

pytestmark = pytest.mark.django_db


@pytest.fixture
def kubeconfig(sandbox_cluster, tmp_path: Path) -> str:
    path = tmp_path / "kubeconfig"
    path.write_text(sandbox_cluster.kubeconfig.read_text())
    return str(path)


def test_it_is_set_and_stays_when_the_kubeconfig_is_replaced(kubeconfig: str) -> None:
    call_command("cluster", "register", "eu-1", kubeconfig=kubeconfig, concurrency=5)
    call_command("cluster", "register", "eu-1", kubeconfig=kubeconfig)
    assert Cluster.objects.get(slug="eu-1").concurrency == 5


def test_nobody_at_work_is_refused(kubeconfig: str) -> None:
    with pytest.raises(CommandError, match="Between 1 and"):
        call_command("cluster", "register", "eu-1", kubeconfig=kubeconfig, concurrency=0)


def test_the_database_refuses_it_too(kubeconfig: str) -> None:
    call_command("cluster", "register", "eu-1", kubeconfig=kubeconfig)
    with pytest.raises(IntegrityError), transaction.atomic():
        Cluster.objects.update(concurrency=0)


def test_registering_anew_closes_the_breaker(kubeconfig: str) -> None:
    call_command("cluster", "register", "eu-1", kubeconfig=kubeconfig)
    now = clock.now()
    Cluster.objects.update(failures=9, unreachable_since=now, retry_at=now)
    call_command("cluster", "register", "eu-1", kubeconfig=kubeconfig)
    row = Cluster.objects.get(slug="eu-1")
    assert (row.failures, row.unreachable_since, row.retry_at) == (0, None, None)
