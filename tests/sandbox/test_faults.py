"""Faults on demand: what clients of a failing cluster see, and that it stops when told to."""

import time
import urllib.error
from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox_process import SandboxProcess, start_sandbox

FAULTS = "/sandbox/faults"
PODS = "/api/v1/namespaces/default/pods"


@pytest.fixture(scope="module")
def shaky(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    process = start_sandbox(tmp_path_factory.mktemp("shaky"))
    yield process
    process.stop()


@pytest.fixture
def cluster(shaky: SandboxProcess) -> Iterator[SandboxProcess]:
    yield shaky
    shaky.request("DELETE", FAULTS)


def put(cluster: SandboxProcess, **fault: Any) -> None:
    answer = cluster.request("PUT", FAULTS, fault)
    assert answer.status == 200, answer.body


def test_errors_come_as_status_bodies_and_end(cluster: SandboxProcess) -> None:
    put(cluster, errorRate=1, status=429, count=2)
    for _ in range(2):
        answer = cluster.request("GET", PODS)
        assert (answer.status, answer.body["reason"]) == (429, "TooManyRequests")
        assert answer.headers["Retry-After"] == "1"
    assert cluster.request("GET", PODS).status == 200


def test_fault_hits_only_the_paths_and_methods_it_names(cluster: SandboxProcess) -> None:
    put(cluster, errorRate=1, paths="/configmaps", methods=["POST"])
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}
    assert cluster.request("GET", PODS).status == 200
    assert cluster.request("GET", "/api/v1/namespaces/default/configmaps").status == 200
    assert cluster.request("POST", "/api/v1/namespaces/default/configmaps", body).status == 503


def test_latency_is_added(cluster: SandboxProcess) -> None:
    put(cluster, latencySeconds=0.3)
    started = time.monotonic()
    assert cluster.request("GET", PODS).status == 200
    assert time.monotonic() - started >= 0.3


def test_outage_drops_connections_until_it_is_over(cluster: SandboxProcess) -> None:
    put(cluster, outageSeconds=60)
    with pytest.raises((urllib.error.URLError, ConnectionError)):
        cluster.request("GET", PODS)
    assert cluster.request("GET", FAULTS).body["outageSeconds"] > 50
    cluster.request("DELETE", FAULTS)
    assert cluster.request("GET", PODS).status == 200


def test_answer_can_break_off_in_the_middle(cluster: SandboxProcess) -> None:
    put(cluster, cutRate=1, count=1)
    with pytest.raises(Exception, match=r"IncompleteRead|closed|reset|EOF"):
        cluster.request("GET", "/api/v1/namespaces")
    assert cluster.request("GET", "/api/v1/namespaces").status == 200


@pytest.mark.parametrize(
    "wrong",
    [{"errorRate": 2}, {"status": 200}, {"typo": 1}, {"paths": "("}, {"count": 0}, {"methods": "GET"}, []],
)
def test_wrong_setting_is_refused_and_changes_nothing(cluster: SandboxProcess, wrong: Any) -> None:
    assert cluster.request("PUT", FAULTS, wrong).status == 400
    assert cluster.request("GET", FAULTS).body == {}


def test_only_an_administrator_may_break_things(cluster: SandboxProcess) -> None:
    answer = cluster.request("PUT", FAULTS, {"errorRate": 1}, headers={"Impersonate-User": "eve"})
    assert answer.status == 403
    assert cluster.request("GET", FAULTS).body == {}
