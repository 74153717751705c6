"""What helm had finished before its worker, or the database, was lost is recognised, not repeated."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal.clusters.helm import Helm
from portal.core import clock
from portal.lifecycle.models import ChangeRequest, LogLine, Rollout, ServiceInstance
from portal.lifecycle.operations import reconcile
from portal.lifecycle.operations.rendering import helm_for
from portal.lifecycle.states import ChangeState, Phase
from tests.fixtures.worker import work_off
from tests.lifecycle.helpers import WEB, ask

pytestmark = pytest.mark.django_db
SERVICE = {"application": "storefront", "environment": "dev", "offering": "web-service", "name": "shop-web"}


@pytest.fixture
def namespace(provisioned):
    return work_off(
        ask(provisioned.alice, application="storefront", environment="dev", offering="namespace")
    ).subject


def forget(change: ChangeRequest, *, phase: Phase = Phase.APPLYING) -> None:
    """What the rows would say had the database been away from the moment in which helm finished: the attempt
    has no end, and the lease has run out."""
    Rollout.objects.filter(change=change).update(
        outcome=Rollout.Outcome.RUNNING, finished_at=None, helm_revision=None
    )
    ChangeRequest.objects.filter(pk=change.pk).update(
        state=ChangeState.RUNNING,
        phase=phase,
        applied_at=None,
        finished_at=None,
        lease_owner="lost",
        lease_expires_at=clock.now() - timedelta(seconds=1),
        run_after=clock.now() - timedelta(seconds=1),
    )
    ServiceInstance.objects.filter(pk=change.instance_id).update(current_release=change.base_release)


def said(change: ChangeRequest) -> str:
    return "\n".join(LogLine.objects.filter(rollout__change=change).values_list("text", flat=True))


def helm_of(change: ChangeRequest) -> Helm:
    return helm_for(change.subject)


def test_a_finished_helm_is_not_run_again(provisioned, namespace):
    change = ask(provisioned.alice, **SERVICE, values=WEB)
    reconcile.advance(change.pk, owner="lost")
    forget(change)
    change = work_off(change)
    assert change.state == ChangeState.SUCCEEDED
    assert [each.revision for each in helm_of(change).history(change.subject.target)] == [1]
    assert [each.outcome for each in change.rollouts.all()] == ["lost", "succeeded"]
    assert change.rollouts.last().helm_revision == 1
    assert "was finished by the attempt before" in said(change)


def test_nor_where_only_the_step_after_it_was_lost(provisioned, namespace):
    """The attempt is known to have succeeded; that the change goes on to observe was not written."""
    change = ask(provisioned.alice, **SERVICE, values=WEB)
    reconcile.advance(change.pk, owner="lost")
    forget(change)
    Rollout.objects.filter(change=change).update(
        outcome=Rollout.Outcome.SUCCEEDED, finished_at=clock.now(), helm_revision=1
    )
    change = work_off(change)
    assert change.state == ChangeState.SUCCEEDED
    assert [each.revision for each in helm_of(change).history(change.subject.target)] == [1]


def test_control_another_change_to_the_same_release_is_applied(provisioned, namespace):
    """What an earlier change applied is no reason not to apply it again: that is how drift is mended."""
    first = work_off(ask(provisioned.alice, **SERVICE, values=WEB))
    update = ask(provisioned.alice, kind="update", instance=first.instance_id, values={**WEB, "replicas": 3})
    update = work_off(update)
    back = ask(provisioned.alice, kind="rollback", instance=first.instance_id, release=first.release_id)
    work_off(back)
    assert [each.revision for each in helm_of(first).history(first.subject.target)] == [3, 2, 1]


def test_what_somebody_applied_meanwhile_is_not_adopted(provisioned, namespace, tmp_path):
    change = ask(provisioned.alice, **SERVICE, values=WEB)
    reconcile.advance(change.pk, owner="lost")
    helm_of(change).rollback(change.subject.target, 1, timeout_seconds=60)
    forget(change)
    change = work_off(change)
    assert change.state == ChangeState.SUCCEEDED
    history = helm_of(change).history(change.subject.target)
    assert [each.revision for each in history] == [3, 2, 1]
    assert str(change.pk) in history[0].description


def test_what_differs_from_the_seal_is_not_adopted(provisioned, namespace):
    change = ask(provisioned.alice, **SERVICE, values=WEB)
    reconcile.advance(change.pk, owner="lost")
    forget(change)
    other = change.release.values | {"replicas": 9}
    type(change.release).objects.filter(pk=change.release_id).update(values=other)
    change = work_off(change)
    assert change.state == ChangeState.FAILED
