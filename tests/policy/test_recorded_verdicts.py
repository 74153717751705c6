"""Every verdict that a real API server gave, given again: to the letter."""

from __future__ import annotations

import json
from typing import Any

import pytest

from portal.policy.cases import judge_case
from tests.policy.scenes import DATA

CASES = json.loads((DATA / "admission-verdicts.json").read_text())
COMPARED = ("policyAccepted", "allowed", "httpStatus", "reason", "message", "warning")
# name: why it does not agree yet. Empty, and meant to stay so.
NOT_YET: dict[str, str] = {}


def _differences(case: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    answer = judge_case(case)
    return {
        part: (case["expect"].get(part), answer[part])
        for part in COMPARED
        if case["expect"].get(part) != answer[part]
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_verdict_is_the_api_servers(case: dict[str, Any]) -> None:
    differences = _differences(case)
    if case["name"] in NOT_YET:
        assert differences, f"{case['name']} agrees now: take it off the list"
    else:
        assert differences == {}


def test_every_recorded_case_is_there() -> None:
    assert len(CASES) == 87
    assert set(NOT_YET) <= {case["name"] for case in CASES}
