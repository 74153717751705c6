"""What the schema says of an object is a verdict like any other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from portal.core.objects import ObjectKey
from portal.policy import Bundle, Verdict, load_bundle
from portal.policy.judging import SCHEMA
from portal.policy.waivers import Waiver, Waivers
from tests.policy.forms import pod
from tests.policy.scenes import ALICE, POLICIES, bundle_of, config_map, deployment, namespace

BUNDLE = bundle_of("true")


def judged(*documents: Any, bundle: Bundle = BUNDLE, **options: Any) -> list[Verdict]:
    """What the schema says."""
    judgement = bundle.judge(list(documents), namespace=namespace(), user=ALICE, **options)
    return [verdict for verdict in judgement.verdicts if verdict.policy == SCHEMA]


def test_a_well_formed_object_passes() -> None:
    (verdict,) = judged(config_map(a="1"))
    assert (verdict.outcome, verdict.message, verdict.reason) == ("pass", "", "")


def test_one_verdict_tells_every_problem_of_an_object() -> None:
    document = deployment(imagePullPolicyy="Always")
    document["spec"]["replicas"] = "two"
    (verdict,) = judged(document)
    assert verdict.outcome == "deny"
    assert "imagePullPolicyy" in verdict.message
    assert "DeploymentSpec.spec.replicas of type int32" in verdict.message
    assert (verdict.severity, verdict.category, verdict.path) == ("high", "Form", "")
    assert verdict.key == ObjectKey("apps/v1", "Deployment", "shop", "web")
    assert "Remove the field" in verdict.remediation
    assert verdict.docs == "docs/policies.md#schema"


def test_a_problem_blocks_the_release() -> None:
    judgement = BUNDLE.judge([{**config_map(), "spec": {}}], namespace=namespace(), user=ALICE)
    assert not judgement.allowed


def test_a_workload_is_checked_once_and_not_again_as_its_pod() -> None:
    assert [verdict.key.kind for verdict in judged(deployment(comand=["web"]))] == ["Deployment"]


def test_each_item_of_a_list_is_checked() -> None:
    whole = {"apiVersion": "v1", "kind": "List", "items": [config_map("a"), {**config_map("b"), "x": 1}]}
    assert [(verdict.key.name, verdict.outcome) for verdict in judged(whole)] == [
        ("a", "pass"),
        ("b", "deny"),
    ]


def test_nothing_is_said_of_kinds_that_do_not_come_with_kubernetes() -> None:
    assert judged({"apiVersion": "example.com/v1", "kind": "Goose", "metadata": {"name": "g"}}) == []


def test_what_is_deleted_need_not_be_well_formed() -> None:
    assert judged({**config_map(), "x": 1}, operation="DELETE") == []


def test_what_the_server_would_refuse_no_exception_can_allow() -> None:
    now = datetime.now(UTC)
    waiver = Waiver(1, SCHEMA, "shop", since=now, until=now + timedelta(days=1))
    (verdict,) = judged({**config_map(), "x": 1}, waivers=Waivers((waiver,), now))
    assert verdict.outcome == "deny"


@pytest.mark.parametrize("value", [{"containers": "many"}, {"containers": [7]}, "text", 5, [1]])
def test_what_breaks_policies_is_still_told_of_its_form(value: Any) -> None:
    (verdict,) = judged({**pod(), "spec": value}, bundle=load_bundle(POLICIES))
    assert verdict.outcome == "deny"
    assert "cannot unmarshal" in verdict.message
