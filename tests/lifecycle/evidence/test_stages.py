"""What is known of the stage before and of the target: findings, health, quota, price."""

from datetime import timedelta

import pytest

from portal.core import clock
from portal.environments.models import Environment
from portal.lifecycle.models import Evidence, HealthSpan, ServiceInstance, Violation
from tests.fixtures.worker import work_off
from tests.lifecycle.evidence.conftest import gathered
from tests.lifecycle.helpers import WEB, ask
from tests.policy.scenes import DEPLOYMENTS, binding, policy

pytestmark = pytest.mark.django_db
Status = Evidence.Status
COPIES = policy("copies", "object.spec.replicas >= 2", rule=DEPLOYMENTS)
COPIES["metadata"]["annotations"] = {"policy.slipway.dev/severity": "critical"}


@pytest.fixture
def promotion(stage):
    """The service of dev on its way to staging, which has a gate now."""
    alice = stage.organisation.alice
    work_off(ask(alice, application="storefront", environment="staging", offering="namespace"))
    Environment.objects.filter(slug="staging").update(approvals_required=1)
    change = ask(alice, kind="promote", instance=stage.service.pk, environment="staging")
    assert change.is_awaiting_approval
    return change


def test_a_promotion_shows_the_stage_before_as_the_cluster_has_it_now(stage, promotion):
    began = clock.now() - timedelta(hours=2, minutes=30)
    HealthSpan.objects.filter(instance=stage.service, ended_at=None).update(began_at=began)
    row = gathered(promotion)["health"]
    assert row.status == Status.GOOD
    assert "shop-web in Development is ready, and has been for 2 h 3" in row.summary
    (stay,) = row.detail["stays"]
    assert (stay["environment"], stay["release"], stay["until"]) == ("dev", 1, None)
    stage.kubectl("delete", "deployment", "shop-web")
    row = gathered(promotion)["health"]
    assert row.status == Status.BAD
    assert "Deployment/shop-web: is not in the cluster" in row.summary
    assert ServiceInstance.objects.get(pk=stage.service.pk).health == "wrong"


def test_a_promotion_of_what_the_stage_before_no_longer_runs_says_so(stage, promotion):
    Environment.objects.filter(slug="dev").update(approvals_required=0)
    wish = {"kind": "update", "instance": stage.service.pk, "values": {**WEB, "replicas": 2}}
    assert work_off(ask(stage.organisation.alice, **wish)).state == "succeeded"
    row = gathered(promotion)["health"]
    assert row.status == Status.NOTE
    assert "runs another release by now than the one to promote" in row.summary


def test_findings_of_both_stages_are_scanned_now_and_none_blocks_that_the_change_remedies(
    stage, use_policies
):
    use_policies([COPIES, binding("copies", "Warn")])
    mended, kept = {"replicas": 2}, {"env": {"A": "b"}}
    change = stage.update(**kept)
    row = gathered(change)["findings"]
    assert (row.status, row.detail["by_severity"]) == (Status.NOTE, {"critical": 1})
    assert "1 critical open; the most urgent is due in" in row.summary
    past = clock.now() - timedelta(days=90)
    Violation.objects.filter(instance=stage.service).update(since=past)
    row = gathered(change)["findings"]
    assert row.status == Status.BAD
    assert row.summary.endswith("1 critical and overdue would stay")
    assert row.detail["list"][0]["overdue"]
    change = stage.update(**mended)
    row = gathered(change)["findings"]
    assert (row.status, row.detail["by_severity"]) == (Status.NOTE, {"critical": 1})


def test_quota_and_price_before_and_after(stage):
    wish = {"kind": "update", "instance": stage.service.pk, "values": WEB, "plan": "medium"}
    row = gathered(ask(stage.organisation.alice, **wish))["quota"]
    assert row.status == Status.NOTE
    assert row.detail["price_after"] > row.detail["price_before"] > 0
    assert "€ a month" in row.summary
    cpu = next(line for line in row.detail["lines"] if line["resource"] == "requests.cpu")
    assert float(cpu["after"]) > float(cpu["used"])
    assert not cpu["exceeded"]
