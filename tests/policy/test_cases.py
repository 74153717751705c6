"""Cases from elsewhere: broken ones are refused with a reason, and policies are compiled once."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from portal.policy import PolicyInvalid
from portal.policy.cases import KEYS, answer
from portal.policy.recent import RecentBundles
from tests.policy.scenes import DATA, binding, config_map, policy

CASE: dict[str, Any] = {
    "name": "plain",
    "policy": policy("p", "object.data.a == '1'"),
    "binding": binding("p"),
    "request": {"operation": "CREATE", "object": config_map(a="1")},
}


def _changed(*path: str, to: Any) -> Any:
    case = copy.deepcopy(CASE)
    inner = case
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = to
    return case


def test_a_plain_case_is_allowed() -> None:
    said = answer(CASE)
    assert tuple(said) == KEYS
    assert (said["name"], said["policyAccepted"], said["allowed"], said["httpStatus"]) == (
        "plain",
        True,
        True,
        201,
    )


@pytest.mark.parametrize(
    ("case", "why"),
    [
        (None, "it is not a mapping"),
        ([1], "it is not a mapping"),
        ({"name": "empty"}, "policy is missing"),
        (_changed("policy", to="p"), "policy is missing or not a mapping"),
        (_changed("binding", to="p"), "binding is not a mapping"),
        (_changed("request", to=None), "request is missing"),
        (_changed("request", "operation", to="PATCH"), "request.operation is not one of CREATE, UPDATE"),
        (_changed("request", "operation", to=["CREATE"]), "request.operation is not one of"),
        (_changed("request", "object", to=None), "request.object is missing"),
        (_changed("request", "object", "kind", to=None), "request.object: This is not a Kubernetes object"),
        (_changed("request", "oldObject", to=[]), "request.oldObject: This is not a Kubernetes object"),
    ],
)
def test_a_broken_case_is_refused_with_what_is_wrong(case: Any, why: str) -> None:
    said = answer(case)
    assert tuple(said) == KEYS
    assert (said["allowed"], said["httpStatus"], said["reason"]) == (False, 400, "BadRequest")
    assert why in said["message"]


@pytest.mark.parametrize(
    "case",
    [
        _changed("request", "userInfo", to="alice"),
        _changed("request", "namespaceLabels", to=[1]),
        _changed("policy", "metadata", to=None),
        _changed("policy", "spec", to=[]),
        _changed("policy", "spec", "validations", to=[{"expression": "x" * 100_000}]),
    ],
)
def test_an_odd_case_is_refused_and_not_a_crash(case: Any) -> None:
    said = answer(case)
    assert tuple(said) == KEYS
    assert not said["allowed"]
    assert said["message"]


def test_a_policy_that_comes_again_is_not_compiled_again() -> None:
    bundles = RecentBundles()
    cases = [_changed("request", "object", to=config_map(a=str(n % 2))) for n in range(50)]
    said = [answer(case, bundles.load)["allowed"] for case in cases]
    assert said == [False, True] * 25
    assert bundles.compiled == 1


def test_a_policy_that_is_refused_is_refused_each_time_and_compiled_once() -> None:
    bundles = RecentBundles()
    for _ in range(3):
        with pytest.raises(PolicyInvalid):
            bundles.load([policy("p", "1 +")])
    assert bundles.compiled == 1


def test_a_changed_policy_of_the_same_name_is_another_one() -> None:
    bundles = RecentBundles()
    assert answer(CASE, bundles.load)["allowed"]
    assert not answer(_changed("policy", "spec", "validations", to=[{"expression": "false"}]), bundles.load)[
        "allowed"
    ]


def test_only_the_last_policies_are_remembered() -> None:
    bundles = RecentBundles(size=2)
    for name in ("a", "b", "a", "c", "a", "b"):
        bundles.load([policy(name, "true")])
    # b was the one not used for longest when c came
    assert bundles.compiled == 4


def test_the_recorded_cases_are_answered_the_same_with_a_memory() -> None:
    cases = json.loads((DATA / "admission-verdicts.json").read_text())
    bundles = RecentBundles(size=10)
    assert [answer(case, bundles.load) for case in cases] == [answer(case) for case in cases]
