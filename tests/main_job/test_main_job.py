"""The main job on a real cluster: namespace, services, promotion, approval, upgrade, rollback, retirement."""

import pytest

from portal.clusters.kubernetes import Kubernetes
from portal.core.errors import NotPermitted, PolicyDenied, ValidationFailed
from portal.core.objects import ObjectKey
from portal.lifecycle.models import ServiceInstance
from portal.lifecycle.services import approvals, changes, retirements, wishes
from portal.lifecycle.states import ChangeState, Health
from services_catalog.models import OfferingVersion
from tests import tools
from tests.fixtures.worker import work_off

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True, params=["helm", "helm3"])
def each_helm(request, settings):
    """Everything here holds with Helm 4 and with Helm 3.19."""
    settings.SLIPWAY_HELM = str(tools.find(request.param))


def ask(actor, **data):
    return changes.open_change(wishes.resolve(actor, data)).change


def run(actor, **data):
    change = work_off(ask(actor, **data))
    assert change.state == ChangeState.SUCCEEDED, change.outcome
    return change


def namespace(organisation, environment="dev"):
    return run(organisation.alice, application="storefront", environment=environment, offering="namespace")


def web(organisation, **more):
    data = {"application": "storefront", "environment": "dev", "offering": "web-service", "name": "shop-web"}
    return run(organisation.alice, **data, version="1.0.0", values=WEB, **more)


SERVICE = {"application": "storefront", "environment": "dev", "offering": "web-service"}
WEB = {"image": {"repository": "registry.example.com/shop/storefront", "tag": "1.4.2"}}
FORBIDDEN = {
    "image": {"repository": "docker.io/x", "tag": "latest"},
    "securityContext": {"privileged": True},
}


def promote(organisation, instance, environment):
    change = ask(organisation.alice, kind="promote", instance=instance.pk, environment=environment)
    if change.state == ChangeState.AWAITING_APPROVAL:
        approvals.approve(change, actor=organisation.olga, digest=change.seal)
    change = work_off(change)
    assert change.state == ChangeState.SUCCEEDED, change.outcome
    return change.instance


def kubernetes(organisation):
    return Kubernetes(organisation.cluster.connection)


def deployment(organisation, namespace, name="shop-web"):
    return kubernetes(organisation).get(ObjectKey("apps/v1", "Deployment", namespace, name))


def test_a_namespace_comes_with_its_guard_rails(provisioned):
    change = namespace(provisioned)
    cluster = kubernetes(provisioned)
    labels = cluster.get(ObjectKey("v1", "Namespace", "", "storefront-dev"))["metadata"]["labels"]
    assert labels["slipway.dev/environment"] == "dev"
    assert labels["slipway.dev/team"] == "shop"
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    for kind in ("ResourceQuota", "LimitRange", "NetworkPolicy", "RoleBinding", "ServiceAccount"):
        assert any(doc["kind"] == kind for doc in change.release.objects_masked), kind
    assert cluster.get(ObjectKey("v1", "ServiceAccount", "storefront-dev", "slipway-deployer"))


def test_a_service_needs_a_namespace_first(provisioned):
    with pytest.raises(ValidationFailed, match=r"correct") as caught:
        ask(provisioned.alice, **SERVICE, name="a", values=WEB)
    assert caught.value.errors[0]["code"] == "namespace_missing"


def test_a_web_service_runs_and_a_privileged_one_is_denied_with_every_reason(provisioned):
    namespace(provisioned)
    change = web(provisioned)
    assert deployment(provisioned, "storefront-dev")["status"]["readyReplicas"] >= 1
    instance = change.instance
    assert (instance.health, instance.current_release) == (Health.READY, change.release)
    before = ServiceInstance.objects.count()
    with pytest.raises(PolicyDenied) as caught:
        ask(provisioned.alice, **SERVICE, name="bad", values=FORBIDDEN)
    verdicts = caught.value.details["verdicts"]
    assert len({v["policy"] for v in verdicts}) >= 3
    assert all(v["remediation"] for v in verdicts)
    assert ServiceInstance.objects.count() == before


def test_promotion_carries_the_release_and_production_waits_for_an_operator(provisioned):
    dev_namespace = namespace(provisioned).instance
    dev = web(provisioned).instance
    staging_namespace = promote(provisioned, dev_namespace, "staging")
    staging = promote(provisioned, dev, "staging")
    promote(provisioned, staging_namespace, "production")
    change = ask(provisioned.alice, kind="promote", instance=staging.pk, environment="production")
    assert change.state == ChangeState.AWAITING_APPROVAL
    with pytest.raises(NotPermitted):
        approvals.approve(change, actor=provisioned.alice, digest=change.seal)
    assert deployment(provisioned, "storefront-production") is None
    approvals.approve(change, actor=provisioned.olga, digest=change.seal, comment="looks right")
    change = work_off(change)
    assert change.state == ChangeState.SUCCEEDED
    assert change.release.chart_id == dev.current_release.chart_id
    live = deployment(provisioned, "storefront-production")
    assert live["spec"]["template"]["spec"]["containers"][0]["image"].endswith(":1.4.2")


def test_upgrade_rollback_and_two_step_retirement(provisioned):
    namespace(provisioned)
    first = web(provisioned)
    instance = first.instance
    run(provisioned.alice, kind="upgrade", instance=instance.pk, version="1.1.0")
    changed = run(
        provisioned.alice,
        kind="update",
        instance=instance.pk,
        values={"image": {**WEB["image"], "tag": "1.5.0"}},
    )
    assert changed.release.offering_version.version == "1.1.0"
    back = run(provisioned.alice, kind="rollback", instance=instance.pk, release=first.release.pk)
    assert back.release.objects_digest == first.release.objects_digest
    live = deployment(provisioned, "storefront-dev")
    assert live["spec"]["template"]["spec"]["containers"][0]["image"].endswith(":1.4.2")
    retirements.announce(instance, actor=provisioned.alice)
    run(provisioned.alice, kind="retire", instance=instance.pk, confirm="shop-web")
    assert deployment(provisioned, "storefront-dev") is None
    instance.refresh_from_db()
    assert instance.retired_at is not None


def test_a_database_password_is_made_kept_and_never_shown(provisioned):
    namespace(provisioned)
    data = {"application": "storefront", "environment": "dev", "offering": "postgresql", "name": "shop-db"}
    first = run(provisioned.alice, **data)
    second = run(provisioned.alice, kind="update", instance=first.instance_id, plan="medium")
    assert first.release.values != first.release.masked_values
    secrets = {
        doc["metadata"]["name"]: doc for doc in second.release.objects_masked if doc["kind"] == "Secret"
    }
    assert secrets
    old = {doc["metadata"]["name"]: doc for doc in first.release.objects_masked if doc["kind"] == "Secret"}
    assert {n: d["data"] for n, d in old.items()} == {n: d["data"] for n, d in secrets.items()}


def test_what_never_gets_ready_is_rolled_back_after_its_time(provisioned):
    namespace(provisioned)
    first = web(provisioned)
    OfferingVersion.objects.filter(offering__slug="web-service").update(ready_timeout_seconds=2)
    change = work_off(
        ask(
            provisioned.alice,
            kind="update",
            instance=first.instance_id,
            values={"image": {"repository": "registry.example.com/shop/fail-storefront", "tag": "9.9.9"}},
        )
    )
    assert change.state == ChangeState.FAILED
    assert "Rolled back to release #1" in change.outcome
    image = deployment(provisioned, "storefront-dev")["spec"]["template"]["spec"]["containers"][0]["image"]
    assert image.endswith(":1.4.2")
    instance = change.instance
    instance.refresh_from_db()
    assert instance.current_release == first.release
    assert [r.is_revert for r in change.rollouts.all()] == [False, True]


def test_a_first_install_that_fails_leaves_nothing_behind(provisioned):
    namespace(provisioned)
    OfferingVersion.objects.filter(offering__slug="web-service").update(ready_timeout_seconds=1)
    change = work_off(
        ask(
            provisioned.alice,
            **SERVICE,
            name="broken",
            values={"image": {"repository": "registry.example.com/shop/fail-x", "tag": "1.0.0"}},
        )
    )
    assert change.state == ChangeState.FAILED
    assert deployment(provisioned, "storefront-dev", "broken") is None
