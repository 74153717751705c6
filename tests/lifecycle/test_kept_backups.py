"""What a database leaves behind when it is retired: its data and its dumps, and nothing that opens them."""

from __future__ import annotations

import pytest

from portal.clusters.kubernetes import Kubernetes
from portal.core.objects import ObjectKey
from portal.lifecycle.services import retirements
from portal.lifecycle.states import ChangeState
from tests.fixtures.worker import work_off
from tests.lifecycle.helpers import ask

pytestmark = pytest.mark.django_db
PLACE = {"application": "storefront", "environment": "dev"}


def test_dumps_and_data_stay_when_the_database_is_retired(provisioned):
    alice = provisioned.alice
    work_off(ask(alice, **PLACE, offering="namespace"))
    made = ask(alice, **PLACE, offering="postgresql", name="db", values={"backup": {"enabled": True}})
    work_off(made)
    made.refresh_from_db()
    assert made.state == ChangeState.SUCCEEDED
    database = made.subject
    retirements.announce(database, actor=alice)
    gone = ask(alice, kind="retire", instance=database.pk, confirm="db")
    work_off(gone)
    gone.refresh_from_db()
    assert gone.state == ChangeState.SUCCEEDED
    assert "db-backup" in gone.outcome
    kubernetes = Kubernetes(provisioned.cluster.connection)
    for name in ("db-backup", "data-db-0"):
        assert kubernetes.get(ObjectKey("v1", "PersistentVolumeClaim", "storefront-dev", name)) is not None
    assert kubernetes.get(ObjectKey("v1", "Secret", "storefront-dev", "db-connection")) is None
