"""No false alarm: whatever the library offers, rolled out and left alone, is as it was sealed."""

from __future__ import annotations

from typing import Any

import pytest

from portal.audit.models import Notification
from portal.lifecycle.models import DriftItem
from services_catalog.models import Offering, OfferingVersion, VersionStatus
from tests.fixtures.webhook import CONFIGURATIONS, MIRROR, SIDECAR
from tests.fixtures.worker import until
from tests.lifecycle.drift.seen import scan, shown
from tests.lifecycle.helpers import WEB

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(600)]
VALUES: dict[str, dict[str, Any]] = {
    "web-service": {**WEB, "secretEnv": {"TOKEN": "Correct-Horse-1"}, "env": {"LEVEL": "debug"}},
    "worker": {"image": {"repository": "registry.example.com/shop/worker", "tag": "2.0.0"}},
    "cron-job": {"image": {"repository": "registry.example.com/shop/reports", "tag": "1.0.3"}},
    "static-site": {"image": {"repository": "registry.example.com/shop/handbook", "tag": "2.3.0"}},
    "ml-batch-job": {"image": {"repository": "registry.example.com/shop/recommender", "tag": "0.9.1"}},
}
# the sandbox's one node has no GPU, so these would wait for ever
ON_GPUS = ("small-gpu", "large-gpu")


SERVICES = (
    "cron-job",
    "kafka-topic",
    "ml-batch-job",
    "object-bucket",
    "postgresql",
    "rabbitmq",
    "redis",
    "static-site",
    "web-service",
    "worker",
)


def test_the_library_offers_nothing_that_is_not_looked_at_here(organisation):
    services = Offering.objects.exclude(slug="namespace").values_list("slug", flat=True)
    assert set(services) == set(SERVICES)


@pytest.mark.parametrize("offering", SERVICES)
def test_every_version_and_plan_of_it_is_as_sealed_after_its_rollout(namespace, run, offering):
    versions = OfferingVersion.objects.filter(status=VersionStatus.ACTIVE, offering__slug=offering)
    instances = [namespace]
    for version in versions.order_by("version"):
        for plan in version.plans.exclude(slug__in=ON_GPUS).order_by("slug"):
            wish = {"offering": offering, "version": version.version, "plan": plan.slug}
            instances.append(run(**wish, name=f"thing-{len(instances)}", values=VALUES.get(offering, {})))
    for instance in instances:
        assert scan(instance).status == "in_step", (instance.current_release, shown(instance))
    assert not DriftItem.objects.exists()
    assert not Notification.objects.filter(topic__startswith="drift").exists()


@pytest.mark.parametrize("plan", ["small", "medium", "large"])
def test_every_plan_of_a_namespace_is_as_sealed(run, plan):
    instance = run(offering="namespace", plan=plan)
    assert scan(instance).status == "in_step", shown(instance)


def test_nothing_drifts_by_an_update_an_upgrade_or_a_rollback(namespace, run):
    wish = {"offering": "web-service", "name": "web", "values": VALUES["web-service"]}
    web = run(**wish, version="1.0.0")
    first = web.current_release
    assert scan(web).status == "in_step", shown(web)
    changed = {**VALUES["web-service"], "replicas": 3, "env": {"OTHER": "yes"}}
    web = run(kind="update", instance=web.pk, values=changed)
    assert scan(web).status == "in_step", shown(web)
    web = run(kind="upgrade", instance=web.pk, version="1.1.0", values=changed)
    assert scan(web).status == "in_step", shown(web)
    web = run(kind="rollback", instance=web.pk, release=first.pk)
    assert scan(web).status == "in_step", shown(web)
    assert not DriftItem.objects.exists()


def test_what_a_webhook_adds_defaults_and_rewrites_is_no_drift(namespace, run, cluster, installed_webhook):
    web = run(offering="web-service", name="web", values=VALUES["web-service"])
    (key,) = [key for key in cluster.keys(web) if key.kind == "Deployment"]
    containers = cluster.get(key)["spec"]["template"]["spec"]["containers"]
    assert [container["name"] for container in containers] == ["app", SIDECAR]
    assert containers[0]["image"].startswith(MIRROR)
    assert scan(web).status == "in_step", shown(web)
    cluster.patch(key, [{"op": "replace", "path": "/spec/template/spec/containers/1/image", "value": "x:1"}])
    assert scan(web).status == "drifted"
    assert {line.split(":")[0] for line in shown(web)} == {
        f"Deployment/web spec.template.spec.containers[{SIDECAR}].image added"
    }


def test_what_a_webhook_did_before_it_was_taken_away_is_drift(
    namespace, run, cluster, webhook, clean_cluster
):
    """The control: without the cluster's word a rewritten image looks like an edit, and then it is one."""
    clean_cluster.request("POST", CONFIGURATIONS, webhook.configuration())
    web = run(offering="web-service", name="web", values=VALUES["web-service"])
    clean_cluster.request("DELETE", f"{CONFIGURATIONS}/mesh")
    assert scan(web).status == "drifted"
    assert any(".image changed" in line for line in shown(web))


def test_the_number_of_replicas_is_the_autoscalers_while_there_is_one(namespace, run, cluster, kubectl):
    web = run(offering="web-service", name="web", values=VALUES["web-service"])
    kubectl("autoscale", "deployment/web", "--min=2", "--max=4", "--cpu=80%")
    (key,) = [key for key in cluster.keys(web) if key.kind == "Deployment"]
    until(lambda: cluster.get(key)["spec"]["replicas"] == 2)
    assert scan(web).status == "in_step", shown(web)
    kubectl("scale", "deployment/web", "--replicas=3")
    assert scan(web).status == "in_step", shown(web)
    kubectl("delete", "hpa", "web")
    assert scan(web).status == "drifted"
    (line,) = shown(web)
    assert line.startswith("Deployment/web spec.replicas changed: 1 -> ")


def test_what_controllers_make_in_a_namespace_is_not_foreign(namespace, run, cluster):
    """Claims of a StatefulSet bear the release's labels and belong to nobody."""
    database = run(offering="postgresql", name="db")
    claims = cluster.sandbox.request("GET", "/api/v1/namespaces/storefront-dev/persistentvolumeclaims").body
    assert claims["items"]
    assert scan(database).foreign == 0, shown(database)
    assert scan(namespace).foreign == 0, shown(namespace)
