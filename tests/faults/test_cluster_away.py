"""The cluster's API server is away, or answers with what is no answer."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from tests.faults.service import Service
from tools.chaos.cluster import FAULTS
from tools.chaos.stack import Stack
from tools.chaos.waiting import until

AWAY_SECONDS = 30
HOLDS = "the cluster Sandbox, which does not answer"
# of the requests that a release is made of; so many of them that some are the portal's own and some helm's
WRITES = {"paths": "/(secrets|configmaps|deployments|jobs)", "methods": ["POST", "PUT", "PATCH"]}
TROUBLES: dict[str, dict[str, Any]] = {
    "429": {"errorRate": 1, "status": 429, "count": 4},
    "409": {"errorRate": 1, "status": 409, "count": 2, **WRITES},
    "500": {"errorRate": 1, "status": 500, "count": 2, **WRITES},
    "slow": {"latencySeconds": 0.4},
    "cut off": {"cutRate": 1, "count": 2, **WRITES},
}


def test_changes_wait_for_a_cluster_that_is_away_for_half_a_minute_and_say_so(
    stack: Stack, service: Service, request: pytest.FixtureRequest
) -> None:
    running, untouched = service, Service.new(stack, f"{request.node.name}-2")
    running.created()
    first = running.update(text="in mid-helm", hookSeconds=4)
    running.await_helm()
    with stack.cluster.fault(outageSeconds=AWAY_SECONDS):
        second = untouched.create(text="while it is away")
        until(lambda: is_lost(stack), "the breaker opens", seconds=AWAY_SECONDS)
        assert until(partial(waits_for, stack, first), "it says what it waits for") == HOLDS
        assert until(partial(waits_for, stack, second), "it says what it waits for") == HOLDS
        until(lambda: not is_lost(stack), "the cluster is back", seconds=3 * AWAY_SECONDS, every=0.5)
    running.proved(first, "in mid-helm")
    untouched.proved(second, "while it is away")
    trail = "SELECT action FROM audit_auditevent WHERE action LIKE 'cluster.%%' ORDER BY at DESC LIMIT 2"
    assert {row["action"] for row in stack.sql(trail)} == {"cluster.lost", "cluster.answered"}


def is_lost(stack: Stack) -> bool:
    return bool(stack.sql("SELECT 1 FROM environments_cluster WHERE unreachable_since IS NOT NULL"))


def waits_for(stack: Stack, change: dict[str, Any]) -> str:
    """As the API says it; "" while it waits for anything but a cluster."""
    said = str(stack.alice.get(f"changes/{change['id']}/")["waiting_on"])
    return said if "cluster" in said else ""


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES.keys())
def test_an_api_server_that_answers_amiss_delays_a_change_and_no_more(
    stack: Stack, service: Service, trouble: dict[str, Any]
) -> None:
    service.created()
    with stack.cluster.fault(**trouble):
        change = service.update(text="against all odds", hookSeconds=1)
        service.succeeded(change)
        assert not stack.cluster.request("GET", FAULTS).get("count"), "the fault has hit"
    service.proved(change, "against all odds")
