"""What workers do when things go wrong, on a real cluster."""

from contextlib import suppress

import pytest

from portal.clusters.errors import ClusterError
from portal.clusters.kubernetes import Kubernetes
from portal.core.objects import ObjectKey
from portal.environments.models import Cluster, Environment
from portal.lifecycle.models import ChangeRequest, LogLine, Release, Rollout
from portal.lifecycle.operations import claims, health, reconcile, rollouts, secrets
from portal.lifecycle.services import approvals
from portal.lifecycle.states import ChangeState, Health
from tests.factories import UNREACHABLE
from tests.fixtures.worker import until, work_off
from tests.lifecycle.helpers import WEB, ask

pytestmark = pytest.mark.django_db
SERVICE = {"application": "storefront", "environment": "dev", "offering": "web-service", "name": "shop-web"}


@pytest.fixture
def namespace(provisioned):
    change = ask(provisioned.alice, application="storefront", environment="dev", offering="namespace")
    return work_off(change).subject


def deployment(organisation, name="shop-web"):
    cluster = Kubernetes(organisation.cluster.connection)
    return cluster.get(ObjectKey("apps/v1", "Deployment", "storefront-dev", name))


def test_a_cluster_that_is_down_is_tried_again_later(provisioned, namespace):
    change = ask(provisioned.alice, **SERVICE, values=WEB)
    kubeconfig = provisioned.cluster.kubeconfig
    Cluster.objects.update(kubeconfig=UNREACHABLE)
    pause = reconcile.advance(change.pk, owner="test")
    change.refresh_from_db()
    assert 1 <= pause <= 5
    assert (change.state, change.attempts, change.lease_owner) == (ChangeState.RUNNING, 1, "")
    Cluster.objects.update(kubeconfig=kubeconfig)
    assert work_off(change).state == ChangeState.SUCCEEDED


def test_what_was_not_approved_is_not_applied(provisioned):
    change = ask(provisioned.alice, application="storefront", environment="production", offering="namespace")
    approvals.approve(change, actor=provisioned.olga, digest=change.seal)
    Release.objects.filter(pk=change.release_id).update(values={**change.release.values, "podSecurity": {}})
    change = work_off(change)
    assert change.state == ChangeState.FAILED
    assert "values" in change.outcome
    cluster = Kubernetes(provisioned.cluster.connection)
    assert cluster.namespace("storefront-production") is None


def test_a_gate_that_was_raised_after_queueing_holds(provisioned):
    change = ask(provisioned.alice, application="storefront", environment="dev", offering="namespace")
    Environment.objects.filter(slug="dev").update(approvals_required=1)
    change = work_off(change)
    assert change.state == ChangeState.FAILED
    assert "wants 1 more approval" in change.outcome
    assert not Rollout.objects.exists()


def test_a_worker_lost_in_the_middle_is_replaced(provisioned, namespace):
    change = ask(provisioned.alice, **SERVICE, values=WEB)
    claims.take(change.pk, owner="lost")
    Rollout.objects.create(
        change=change, release=change.release, fencing_token=1, started_at=change.created_at
    )
    ChangeRequest.objects.filter(pk=change.pk).update(lease_expires_at=change.created_at)
    change = work_off(change)
    assert change.state == ChangeState.SUCCEEDED
    assert [r.outcome for r in change.rollouts.all()] == ["lost", "succeeded"]


@pytest.mark.parametrize("error", [None, ClusterError("cut off")], ids=["done", "failed"])
def test_an_attempt_that_ends_after_its_claim_was_taken_over_says_nothing_of_its_end(
    provisioned, namespace, error
):
    change = ask(provisioned.alice, **SERVICE, values=WEB)
    slept = claims.take(change.pk, owner="slept")
    with suppress(ClusterError), rollouts.Attempt(change, slept, change.release, is_revert=False):
        ChangeRequest.objects.filter(pk=change.pk).update(lease_expires_at=change.created_at)
        assert claims.take(change.pk, owner="next") is not None  # which has not begun an attempt of its own
        if error:
            raise error
    assert [each.outcome for each in change.rollouts.all()] == ["running"]
    ChangeRequest.objects.filter(pk=change.pk).update(lease_expires_at=change.created_at)
    assert work_off(change).state == ChangeState.SUCCEEDED
    assert [each.outcome for each in change.rollouts.all()] == ["lost", "succeeded"]


def test_a_second_delivery_after_success_does_nothing(provisioned, namespace):
    change = work_off(ask(provisioned.alice, **SERVICE, values=WEB))
    assert reconcile.advance(change.pk, owner="again") is None
    assert change.rollouts.count() == 1


def test_the_cluster_refusing_an_object_rolls_back_with_its_words(provisioned, namespace, clean_cluster):
    first = work_off(ask(provisioned.alice, **SERVICE, values=WEB))
    before = deployment(provisioned)["spec"]
    # somebody took the deployer's rights away: the namespace's own account may no longer change anything
    bindings = "/apis/rbac.authorization.k8s.io/v1/namespaces/storefront-dev/rolebindings"
    assert clean_cluster.request("DELETE", f"{bindings}/slipway-deployer").status == 200
    wish = {"kind": "update", "instance": first.instance_id, "values": {**WEB, "replicas": 4}}
    change = work_off(ask(provisioned.alice, **wish))
    assert change.state == ChangeState.FAILED
    assert "forbidden" in change.outcome
    assert deployment(provisioned)["spec"] == before


def test_the_log_tells_the_story_and_no_secret(provisioned, namespace):
    data = {**SERVICE, "offering": "postgresql", "name": "shop-db"}
    change = work_off(ask(provisioned.alice, **data))
    lines = list(LogLine.objects.filter(rollout__change=change).values_list("text", flat=True))
    assert any("helm upgrade --install storefront-dev/shop-db" in line for line in lines)
    hidden = secrets.of(change.release.offering_version.values_schema, change.release.values)
    assert hidden
    assert not any(secret in line for secret in hidden for line in lines)


def test_an_instance_whose_deployment_vanished_is_unwell(provisioned, namespace, clean_cluster):
    change = work_off(ask(provisioned.alice, **SERVICE, values=WEB))
    path = "/apis/apps/v1/namespaces/storefront-dev/deployments/shop-web"
    assert clean_cluster.request("DELETE", path).status == 200
    until(lambda: deployment(provisioned) is None)
    type(change.instance).objects.update(health_checked_at=None)
    assert health.refresh_oldest() >= 1
    change.instance.refresh_from_db()
    assert change.instance.health == Health.WRONG
    assert "Deployment/shop-web" in change.instance.health_message
