"""Reports of the fleet scan, in the shape that reporting tools read."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from portal.core import clock
from portal.lifecycle.models import PolicyReport, ServiceInstance
from portal.lifecycle.operations import scanning
from tests.api import policy_rows
from tests.api.conftest import World, running_instance
from tests.api.test_problems import check
from tests.factories import OfferingFactory, OfferingVersionFactory, PlanFactory
from tests.fixtures.policies import UsePolicies
from tests.policy.scenes import DEPLOYMENTS, EVERYTHING, binding, policy

# the fields of wgpolicyk8s.io/v1alpha2, as its Go types name them
REPORT = {"apiVersion", "kind", "metadata", "scope", "summary", "results"}
RESULT = {
    "source",
    "policy",
    "rule",
    "category",
    "severity",
    "timestamp",
    "result",
    "scored",
    "resources",
    "resourceSelector",
    "message",
    "properties",
}
RESULTS = {"pass", "fail", "warn", "error", "skip"}
SEVERITIES = {"critical", "high", "medium", "low", "info"}


@pytest.fixture
def scanned(world: World, use_policies: UsePolicies) -> list[dict[str, Any]]:
    """Of each outcome one policy; one of them lifted by an exception for alice's instance in dev."""
    documents = []
    for name, expression, action in (
        ("denied", "object.spec.replicas >= 3", "Deny"),
        ("warned", "object.spec.replicas >= 4", "Warn"),
        ("noted", "object.spec.replicas >= 5", "Audit"),
        ("broken", "object.spec.nothing == 1", "Deny"),
        ("lifted", "object.spec.replicas >= 6", "Deny"),
        ("passed", "object.spec.replicas >= 1", "Deny"),
    ):
        documents += [policy(name, expression, rule=DEPLOYMENTS), binding(name, action)]
    documents[0]["metadata"]["annotations"] = {"policy.slipway.dev/category": "Reliability"}
    use_policies(documents)
    policy_rows.granted(world, policy="lifted")
    scanning.scan_due()
    return documents


def items(world: World, person: str = "alice", query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.api(person).get(f"policies/reports/?{query}").json()["results"]
    return found


def of_dev(world: World) -> dict[str, Any]:
    [report] = items(world, query="environment=dev")
    return report


def test_a_report_has_the_fields_and_words_of_the_working_groups_shape(world: World, scanned: Any) -> None:
    report = of_dev(world)
    assert (report["apiVersion"], report["kind"]) == ("wgpolicyk8s.io/v1alpha2", "PolicyReport")
    assert set(report) - REPORT == {"stale"}
    assert set(report["summary"]) == RESULTS
    assert report["metadata"]["name"] == "shop-api"
    assert report["metadata"]["namespace"] == "storefront-dev"
    assert report["metadata"]["labels"]["slipway.dev/team"] == "shop"
    assert report["metadata"]["creationTimestamp"]
    for result in report["results"]:
        assert set(result) <= RESULT
        assert result["result"] in RESULTS
        assert result["severity"] in SEVERITIES
        assert {type(value) for value in result["properties"].values()} == {str}
        assert set(result["timestamp"]) == {"seconds", "nanos"}
        assert 0 <= result["timestamp"]["nanos"] < 10**9


def test_each_outcome_has_its_result_and_what_is_waived_names_its_exception(
    world: World, scanned: Any
) -> None:
    report = of_dev(world)
    found = {result["policy"]: result for result in report["results"]}
    assert {name: (result["result"], result["scored"]) for name, result in found.items()} == {
        "denied": ("fail", True),
        "warned": ("warn", False),
        "noted": ("warn", False),
        "broken": ("error", True),
        "lifted": ("skip", False),
    }
    exception = world.storefront.exceptions.get()
    assert found["lifted"]["properties"]["exception"] == str(exception.pk)
    assert found["lifted"]["properties"]["until"] == exception.expires_at.isoformat()
    assert found["denied"]["category"] == "Reliability"
    assert found["denied"]["resources"] == [
        {"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "storefront-dev", "name": "shop-api"}
    ]
    summary = report["summary"]
    assert (summary["fail"], summary["warn"], summary["error"], summary["skip"]) == (1, 2, 1, 1)
    assert summary["pass"] >= 1


def test_a_report_is_stale_until_it_is_scanned_again(
    world: World, scanned: Any, use_policies: UsePolicies
) -> None:
    assert of_dev(world)["stale"] is False
    use_policies(scanned[:2])
    assert of_dev(world)["stale"] is True
    scanning.scan_due()
    assert of_dev(world)["stale"] is False
    PolicyReport.objects.update(valid_until=clock.now() - timedelta(seconds=1))
    assert of_dev(world)["stale"] is True


def test_a_ready_fix_is_in_the_properties_as_json(world: World, use_policies: UsePolicies) -> None:
    rule = policy("denied", "object.spec.replicas >= 3", rule=DEPLOYMENTS)
    fix = "[{'op': 'replace', 'path': '/spec/replicas', 'value': 3}]"
    rule["metadata"]["annotations"] = {"policy.slipway.dev/fix": fix}
    use_policies([rule, binding("denied")])
    scanning.scan_due()
    [result] = of_dev(world)["results"]
    assert json.loads(result["properties"]["fix"]) == [
        {"op": "replace", "path": "/spec/replicas", "value": 3}
    ]


def test_a_namespace_is_the_scope_of_its_own_report(world: World, use_policies: UsePolicies) -> None:
    rule = policy("named", "object.metadata.name == ''", rule=EVERYTHING)
    use_policies([rule, binding("named", "Audit")])
    version = OfferingVersionFactory(offering=OfferingFactory(slug="namespace", role="namespace"))
    PlanFactory(offering_version=version)
    instance: ServiceInstance = running_instance(
        world.storefront, world.dev, world.people["alice"], version.offering, "storefront-dev"
    )
    scanning.scan_due()
    whole = [each for each in items(world) if each["metadata"]["name"] == instance.name]
    assert [each["scope"] for each in whole] == [
        {"apiVersion": "v1", "kind": "Namespace", "name": "storefront-dev"}
    ]
    assert all("scope" not in each for each in items(world) if each not in whole)


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 3),
        ("environment=dev", 2),
        ("environment=dev&team=shop", 1),
        ("application=ledger", 1),
        ("failing=true", 3),
        ("failing=false", 0),
    ],
)
def test_reports_are_filtered(world: World, scanned: Any, query: str, count: int) -> None:
    assert len(items(world, "audrey", query)) == count


def test_a_report_without_a_failure_is_not_failing(world: World, scanned: Any) -> None:
    PolicyReport.objects.filter(instance=world.instance).update(failed=0, errors=0)
    assert of_dev(world) not in items(world, query="failing=true")
    assert [each["metadata"]["name"] for each in items(world, query="failing=false")] == ["shop-api"]


def test_reports_of_other_teams_do_not_exist_for_you(world: World, scanned: Any) -> None:
    assert {each["metadata"]["labels"]["slipway.dev/team"] for each in items(world)} == {"shop"}
    assert items(world, query="team=payments") == []
    check(world.api("alice").get("policies/reports/?failing=perhaps"), 400, "invalid_input")
