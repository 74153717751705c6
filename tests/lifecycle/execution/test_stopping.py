"""Cancelling a change that runs: what it applied is taken back, and what ran before runs again."""

from __future__ import annotations

import pytest

from portal.audit.models import AuditEvent
from portal.clusters.kubernetes import Kubernetes
from portal.core.errors import NotPermitted, StateConflict
from portal.core.objects import ObjectKey
from portal.lifecycle.models import ChangeRequest
from portal.lifecycle.operations import claims, outcomes, reconcile
from portal.lifecycle.selectors import changes as reading
from portal.lifecycle.services import changes, retirements
from portal.lifecycle.states import ChangeState, Phase
from tests.fixtures.worker import work_off
from tests.lifecycle.helpers import WEB, ask

pytestmark = pytest.mark.django_db
SERVICE = {"application": "storefront", "environment": "dev", "offering": "web-service", "name": "shop-web"}
SLOW = {"image": {"repository": "registry.example.com/shop/slow-60", "tag": "1"}}


@pytest.fixture
def namespace(provisioned):
    return work_off(
        ask(provisioned.alice, application="storefront", environment="dev", offering="namespace")
    ).subject


def begun(change: ChangeRequest) -> ChangeRequest:
    """Applied, and waiting for a workload that takes its time."""
    reconcile.advance(change.pk, owner="test")
    change.refresh_from_db()
    assert change.phase == Phase.OBSERVING
    return change


def deployment(organisation):
    cluster = Kubernetes(organisation.cluster.connection)
    return cluster.get(ObjectKey("apps/v1", "Deployment", "storefront-dev", "shop-web"))


def test_a_first_release_that_is_stopped_is_removed(provisioned, namespace):
    change = begun(ask(provisioned.alice, **SERVICE, values=SLOW))
    changes.cancel(change, actor=provisioned.bob, comment="wrong image")
    assert change.state == ChangeState.RUNNING
    assert reading.waiting_on(change).text == "helm to stop"
    change = work_off(change)
    assert change.state == ChangeState.CANCELLED
    assert change.outcome == "Cancelled by bob. wrong image What had been installed was removed."
    assert deployment(provisioned) is None


def test_an_update_that_is_stopped_gives_way_to_what_ran_before(provisioned, namespace):
    first = work_off(ask(provisioned.alice, **SERVICE, values=WEB))
    before = deployment(provisioned)["spec"]
    update = begun(ask(provisioned.alice, kind="update", instance=first.instance_id, values=SLOW))
    changes.cancel(update, actor=provisioned.alice)
    update = work_off(update)
    assert update.state == ChangeState.CANCELLED
    assert update.outcome == "Cancelled by alice. Rolled back to release #1."
    assert deployment(provisioned)["spec"] == before
    instance = update.subject
    assert (instance.current_release_id, instance.health) == (first.release_id, "ready")


def test_what_was_not_applied_yet_is_only_ended(provisioned, namespace):
    change = ask(provisioned.alice, **SERVICE, values=WEB)
    claims.take(change.pk, owner="lost")
    ChangeRequest.objects.filter(pk=change.pk).update(lease_expires_at=change.created_at)
    change.refresh_from_db()
    changes.cancel(change, actor=provisioned.alice)
    change = work_off(change)
    assert (change.state, change.rollouts.count()) == (ChangeState.CANCELLED, 0)
    assert change.outcome == "Cancelled by alice. Nothing was applied."


def test_the_trail_names_who_asked_and_what_came_of_it(provisioned, namespace):
    change = begun(ask(provisioned.alice, **SERVICE, values=SLOW))
    changes.cancel(change, actor=provisioned.bob, comment="wrong image")
    work_off(change)
    rows = AuditEvent.objects.filter(object_type="ChangeRequest", object_id=str(change.pk)).order_by("at")
    found = [(event.action, event.actor_name) for event in rows]
    assert ("change.stop_asked", "bob") in found
    assert found[-1] == ("change.stopped", "slipway")
    assert rows.last().on_behalf_of_name == "bob"


def test_a_success_that_comes_too_late_does_not_win_over_the_wish_to_stop(provisioned, namespace):
    change = begun(ask(provisioned.alice, **SERVICE, values=SLOW))
    ChangeRequest.objects.filter(pk=change.pk).update(run_after=change.created_at)
    claim = claims.take(change.pk, owner="test")
    changes.cancel(change, actor=provisioned.alice)
    with pytest.raises(claims.ClaimLost):
        outcomes.succeed(change, claim, message="ready")
    change.refresh_from_db()
    assert change.state == ChangeState.RUNNING


def test_it_is_asked_once(provisioned, namespace):
    change = begun(ask(provisioned.alice, **SERVICE, values=SLOW))
    changes.cancel(change, actor=provisioned.alice)
    with pytest.raises(StateConflict):
        changes.cancel(change, actor=provisioned.bob)


def test_what_goes_back_already_cannot_be_stopped(provisioned, namespace):
    change = begun(ask(provisioned.alice, **SERVICE, values=SLOW))
    ChangeRequest.objects.filter(pk=change.pk).update(phase=Phase.REVERTING)
    change.refresh_from_db()
    with pytest.raises(StateConflict):
        changes.cancel(change, actor=provisioned.alice)


def test_a_removal_cannot_be_stopped_half_way(provisioned, namespace):
    done = work_off(ask(provisioned.alice, **SERVICE, values=WEB))
    retirements.announce(done.subject, actor=provisioned.alice)
    retire = ask(provisioned.alice, kind="retire", instance=done.instance_id, confirm="shop-web")
    claims.take(retire.pk, owner="test")
    retire.refresh_from_db()
    assert not retire.is_stoppable
    with pytest.raises(StateConflict):
        changes.cancel(retire, actor=provisioned.alice)


def test_another_team_may_not(provisioned, namespace):
    change = begun(ask(provisioned.alice, **SERVICE, values=SLOW))
    with pytest.raises(NotPermitted):
        changes.cancel(change, actor=provisioned.pia)
