"""What is ready need not work: verification after the rollout, on a real cluster, with the real worker."""

import json
from datetime import timedelta

import pytest

from portal.clusters.kubernetes import Kubernetes
from portal.core import clock
from portal.core.errors import ValidationFailed
from portal.core.objects import ObjectKey
from portal.environments.models import Cluster
from portal.lifecycle.models import ChangeRequest
from portal.lifecycle.operations import claims, reconcile
from portal.lifecycle.operations.rendering import helm_for
from portal.lifecycle.selectors import changes
from portal.lifecycle.states import ChangeState, Health, Phase
from services_catalog.models import OfferingVersion
from tests.factories import UNREACHABLE
from tests.fixtures.worker import until, work_off
from tests.lifecycle.helpers import WEB, ask

pytestmark = pytest.mark.django_db
SERVICE = {"application": "storefront", "environment": "dev", "offering": "web-service", "name": "shop-web"}
HEALTH = {"name": "health", "http": {"service": "{{release}}", "port": "http", "path": "/healthz"}}
METRICS = {
    "application": "storefront",
    "environment": "dev",
    "offering": "web-service",
    "version": "1.0.0",
    "name": "metrics",
}
ERRORS = 'errors{namespace="storefront-dev",service="shop-web"}'


@pytest.fixture
def namespace(provisioned):
    change = ask(provisioned.alice, application="storefront", environment="dev", offering="namespace")
    return work_off(change).subject


@pytest.fixture
def declare():
    """Let the newest web service declare these checks, whatever our library says."""

    def declare(*checks, within_seconds=3):
        declaration = {"within_seconds": within_seconds, "checks": list(checks)} if checks else {}
        rows = OfferingVersion.objects.filter(offering__slug="web-service", version="1.2.0")
        rows.update(verification=declaration)

    return declare


def image(name, **more):
    return {**WEB, "image": {"repository": f"registry.example.com/shop/{name}", "tag": "1"}, **more}


def deployed_image(organisation):
    cluster = Kubernetes(organisation.cluster.connection)
    found = cluster.get(ObjectKey("apps/v1", "Deployment", "storefront-dev", "shop-web"))
    return found and found["spec"]["template"]["spec"]["containers"][0]["image"]


def to_phase(change, phase):
    """Advance the change until it is in this phase, and no further."""

    def reached():
        reconcile.advance(change.pk, owner="test")
        change.refresh_from_db()
        return change.phase == phase

    until(reached)
    return change


def due_now(change):
    ChangeRequest.objects.filter(pk=change.pk).update(run_after=clock.now())


def test_a_good_release_is_verified_and_says_so(provisioned, namespace):
    """As our own library declares it."""
    change = work_off(ask(provisioned.alice, **SERVICE, values=WEB))
    assert change.state == ChangeState.SUCCEEDED
    assert change.outcome == "Release #1 runs, is ready and verified: 1 check passed."
    [check] = change.verifications
    assert (check["name"], check["ok"], check["passes"]) == ("health", True, 2)
    assert check["asks"] == "GET shop-web:http/healthz"
    assert [(step.key, step.state) for step in changes.steps(change)][-2:] == [
        ("observed", "done"),
        ("verified", "done"),
    ]
    assert change.subject.health == Health.READY


def test_the_path_of_the_check_is_the_one_in_the_values(provisioned, namespace):
    probes = {**WEB, "probes": {"readinessPath": "/status/204", "livenessPath": "/healthz"}}
    change = work_off(ask(provisioned.alice, **SERVICE, values=probes))
    assert change.state == ChangeState.SUCCEEDED
    assert change.verifications[0]["detail"].startswith("answered 204")


def test_a_version_without_checks_is_observed_only(provisioned, namespace, declare):
    declare()
    change = work_off(ask(provisioned.alice, **SERVICE, values=image("unwell")))
    assert change.outcome == "Release #1 runs and is ready."
    assert "verified" not in [step.key for step in changes.steps(change)]


def test_what_does_not_work_is_rolled_back_to_the_last_good_release_by_itself(
    provisioned, namespace, declare
):
    first = work_off(ask(provisioned.alice, **SERVICE, values=WEB))
    declare(HEALTH, within_seconds=2)
    update = {"kind": "update", "instance": first.instance_id}
    change = work_off(ask(provisioned.alice, **update, values=image("unwell")))
    assert change.state == ChangeState.FAILED
    assert change.outcome.startswith("Refused by verification: health: got 500, wanted 200, ")
    assert change.outcome.endswith(" times. Rolled back to release #1.")
    # the last good release is what the portal, helm and the cluster have
    instance = change.subject
    instance.refresh_from_db()
    assert instance.current_release_id == first.release_id
    assert deployed_image(provisioned) == "registry.example.com/shop/storefront:1.4.2"
    helm = helm_for(instance)
    [runs] = [doc for doc in helm.manifest(instance.target) if doc["kind"] == "Deployment"]
    assert runs["spec"]["template"]["spec"]["containers"][0]["image"].endswith("/storefront:1.4.2")
    newest = max(helm.history(instance.target), key=lambda each: each.revision)
    assert (newest.revision, newest.status) == (3, "deployed")
    assert [(rollout.is_revert, rollout.outcome) for rollout in change.rollouts.order_by("pk")] == [
        (False, "succeeded"),
        (True, "succeeded"),
    ]
    assert [(step.key, step.state) for step in changes.steps(change)][-2:] == [
        ("observed", "done"),
        ("verified", "failed"),
    ]


def test_a_first_install_that_does_not_work_is_removed(provisioned, namespace, declare):
    declare(HEALTH, within_seconds=1)
    change = work_off(ask(provisioned.alice, **SERVICE, values=image("unwell")))
    assert change.state == ChangeState.FAILED
    assert change.outcome.endswith("What had been installed was removed.")
    assert deployed_image(provisioned) is None


def test_what_works_only_after_a_while_is_waited_for(provisioned, namespace, declare):
    declare({**HEALTH, "times": 2}, within_seconds=30)
    change = to_phase(ask(provisioned.alice, **SERVICE, values=image("late-4")), Phase.VERIFYING)
    assert changes.waiting_on(change).text == "its verification: health, 0 of 1 check passed"
    assert change.verifications[0]["detail"] == "got 503, wanted 200"
    assert work_off(change).state == ChangeState.SUCCEEDED


def test_right_now_and_then_is_not_right(provisioned, namespace, declare):
    declare({**HEALTH, "times": 2}, within_seconds=4)
    change = work_off(ask(provisioned.alice, **SERVICE, values=image("flapping")))
    assert change.state == ChangeState.FAILED
    assert "got 500, wanted 200" in change.outcome


def test_all_checks_have_to_be_right_at_the_same_time(provisioned, namespace, declare):
    missing = {"name": "text", "http": {**HEALTH["http"], "contains": "no such text"}}
    declare(HEALTH, missing, within_seconds=1)
    change = work_off(ask(provisioned.alice, **SERVICE, values=WEB))
    assert change.state == ChangeState.FAILED
    assert "Refused by verification: text: got 200 without “no such text”, wanted it" in change.outcome
    assert [check["ok"] for check in change.verifications] == [True, False]


def test_a_service_that_is_not_there_is_not_right(provisioned, namespace, declare):
    declare({"name": "admin", "http": {**HEALTH["http"], "port": 9000}}, within_seconds=1)
    change = work_off(ask(provisioned.alice, **SERVICE, values=WEB))
    assert 'admin: no service port 9000 found for service "shop-web"' in change.outcome


def test_the_deadline_is_the_portals_clock(provisioned, namespace, declare, monkeypatch):
    declare(HEALTH, within_seconds=3600)
    change = to_phase(ask(provisioned.alice, **SERVICE, values=image("unwell")), Phase.VERIFYING)
    later = clock.now() + timedelta(hours=1, seconds=10)
    with monkeypatch.context() as moved:
        moved.setattr(clock, "now", lambda: later)
        reconcile.advance(change.pk, owner="test")
    change.refresh_from_db()
    assert change.phase == Phase.REVERTING
    assert "Refused by verification: health: got 500, wanted 200, 2 times." in change.outcome


def test_a_row_of_right_answers_that_began_in_time_is_completed(provisioned, namespace, declare, monkeypatch):
    """The portal may have been away: that is not the release's fault."""
    declare({**HEALTH, "times": 3}, within_seconds=60)
    change = to_phase(ask(provisioned.alice, **SERVICE, values=WEB), Phase.VERIFYING)
    later = clock.now() + timedelta(hours=1)
    with monkeypatch.context() as moved:
        moved.setattr(clock, "now", lambda: later)
        assert reconcile.advance(change.pk, owner="test") is not None
        moved.setattr(clock, "now", lambda: later + timedelta(minutes=1))
        assert reconcile.advance(change.pk, owner="test") is None
    change.refresh_from_db()
    assert change.state == ChangeState.SUCCEEDED


def test_objects_that_break_during_the_verification_roll_it_back(
    provisioned, namespace, declare, clean_cluster
):
    first = work_off(ask(provisioned.alice, **SERVICE, values=WEB))
    declare({**HEALTH, "times": 10}, within_seconds=60)
    update = {"kind": "update", "instance": first.instance_id}
    change = to_phase(ask(provisioned.alice, **update, values={**WEB, "replicas": 2}), Phase.VERIFYING)
    path = "/apis/apps/v1/namespaces/storefront-dev/deployments/shop-web"
    containers = [{"name": "app", "image": "registry.example.com/shop/fail:1"}]
    broken = {"spec": {"progressDeadlineSeconds": 1, "template": {"spec": {"containers": containers}}}}
    kind = "application/strategic-merge-patch+json"
    assert clean_cluster.request("PATCH", path, broken, content_type=kind).status == 200
    change = work_off(change)
    assert change.state == ChangeState.FAILED
    assert "Refused by verification: it was ready, and is no more." in change.outcome
    assert "Rolled back to release #1." in change.outcome
    assert deployed_image(provisioned) == "registry.example.com/shop/storefront:1.4.2"


def test_a_worker_lost_in_the_middle_is_replaced(provisioned, namespace, declare):
    declare({**HEALTH, "times": 3}, within_seconds=60)
    change = to_phase(ask(provisioned.alice, **SERVICE, values=WEB), Phase.VERIFYING)
    due_now(change)
    lost = claims.take(change.pk, owner="lost")
    assert lost is not None
    assert reconcile.advance(change.pk, owner="other") is None
    ChangeRequest.objects.filter(pk=change.pk).update(lease_expires_at=change.created_at)
    change = work_off(change)
    assert change.state == ChangeState.SUCCEEDED
    assert change.verifications[0]["passes"] == 3
    # only one rollout: the verification went on, nothing was applied again
    assert change.rollouts.count() == 1
    with pytest.raises(claims.ClaimLost):
        lost.write(verifications=[])


def test_a_second_delivery_is_harmless(provisioned, namespace, declare):
    declare({**HEALTH, "times": 2}, within_seconds=60)
    change = to_phase(ask(provisioned.alice, **SERVICE, values=WEB), Phase.VERIFYING)
    seen = change.verifications
    assert reconcile.advance(change.pk, owner="again") is None
    change.refresh_from_db()
    assert change.verifications == seen
    change = work_off(change)
    outcome = change.outcome
    assert reconcile.advance(change.pk, owner="again") is None
    change.refresh_from_db()
    assert (change.state, change.outcome) == (ChangeState.SUCCEEDED, outcome)


def test_a_cluster_that_does_not_answer_meanwhile_is_tried_again(provisioned, namespace, declare):
    declare({**HEALTH, "times": 2}, within_seconds=60)
    change = to_phase(ask(provisioned.alice, **SERVICE, values=WEB), Phase.VERIFYING)
    kubeconfig = provisioned.cluster.kubeconfig
    Cluster.objects.update(kubeconfig=UNREACHABLE)
    due_now(change)
    assert reconcile.advance(change.pk, owner="test") is not None
    change.refresh_from_db()
    assert (change.phase, change.attempts) == (Phase.VERIFYING, 1)
    Cluster.objects.update(kubeconfig=kubeconfig)
    assert work_off(change).state == ChangeState.SUCCEEDED


def test_a_secret_in_a_wrong_answer_is_masked(provisioned, namespace, declare):
    """The service answers with its path; here the path is secret, and stands where a long answer is cut."""
    secret = "correct-horse-battery"
    declare({"name": "leak", "http": {**HEALTH["http"], "path": f"/{'a' * 240}{secret}", "status": [418]}})
    values = {**WEB, "secretEnv": {"TOKEN": secret}}
    change = to_phase(ask(provisioned.alice, **SERVICE, values=values), Phase.VERIFYING)
    said = change.verifications[0]["said"]
    assert said.startswith('{"pod":"shop-web-')
    assert "correct" not in said


# metrics


@pytest.fixture
def measured(provisioned, namespace, declare, settings):
    """A simulated Prometheus in the cluster, which knows one number."""
    settings.SLIPWAY_METRICS_SERVICE = "storefront-dev/metrics:http"

    def measured(value, **bounds):
        annotations = {"sandbox.slipway.dev/metrics": json.dumps({ERRORS: value})}
        work_off(ask(provisioned.alice, **METRICS, values=image("prometheus", podAnnotations=annotations)))
        query = 'errors{namespace="{{namespace}}",service="{{release}}"}'
        declare({"name": "few errors", "metric": {"query": query, **bounds}}, within_seconds=1)
        return work_off(ask(provisioned.alice, **SERVICE, values=WEB))

    return measured


def test_a_metric_within_its_bounds_is_right(measured):
    change = measured("0.005", max=0.01)
    assert change.state == ChangeState.SUCCEEDED
    assert change.verifications[0]["detail"] == "is 0.005, at most 0.01"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("0.02", "few errors: is 0.02, wanted at most 0.01"),
        ({'{"path":"/a"}': "0", '{"path":"/b"}': "0.5"}, "is 0.5 in the worst of 2 series"),
        ("NaN", "few errors: The query gives NaN"),
        ({}, "few errors: Prometheus has no data for the query."),
    ],
)
def test_a_metric_out_of_its_bounds_or_not_known_is_not(measured, value, said):
    change = measured(value, max=0.01)
    assert change.state == ChangeState.FAILED
    assert said in change.outcome


def test_a_metric_that_nobody_can_ask_for_is_refused_at_once(provisioned, namespace, declare):
    declare({"name": "few errors", "metric": {"query": "errors", "max": 1}})
    with pytest.raises(ValidationFailed) as refused:
        ask(provisioned.alice, **SERVICE, values=WEB)
    [error] = refused.value.errors
    assert (error["path"], error["code"]) == ("/version", "not_verifiable")
    assert "set SLIPWAY_METRICS_SERVICE" in error["message"]


def test_a_path_from_the_values_that_leads_elsewhere_is_refused_at_once(provisioned, namespace):
    probes = {**WEB, "probes": {"readinessPath": "/../../secrets/x", "livenessPath": "/healthz"}}
    with pytest.raises(ValidationFailed) as refused:
        ask(provisioned.alice, **SERVICE, values=probes)
    assert any(
        "segment" in error["message"] or "readiness" in error["path"] for error in refused.value.errors
    )
