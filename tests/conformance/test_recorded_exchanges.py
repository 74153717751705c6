"""The sandbox answers the 93 recorded requests as Kubernetes 1.36.2 did."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conformance.known import KNOWN
from tests.conformance.replay import Exchange, Replay, differences, recorded
from tests.sandbox_process import Answer, start_sandbox

MOST_DIFFERENCES = 8
# the recorder's controllers put this ConfigMap into each namespace, and the recorded quota counts it
EXTRA_CONFIG_MAP = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {
        "name": "openshift-service-ca.crt",
        "annotations": {"service.beta.openshift.io/inject-cabundle": "true"},
    },
    "data": {"service-ca.crt": ""},
}
Outcome = tuple[Answer, list[str]]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Outcome]]:
    """Every exchange, sent in order to one fresh cluster: the answer, and where it differs."""
    sandbox = start_sandbox(tmp_path_factory.mktemp("conformance"))
    found: dict[str, Outcome] = {}
    try:
        replay = Replay(sandbox)
        for exchange in recorded():
            found[exchange["step"]] = replay.settled(
                exchange, lambda answer, e=exchange: unexplained(e, answer)
            )
            if exchange["step"] == "ns-create":
                path = "/api/v1/namespaces/shop-dev/configmaps?fieldManager=kcm"
                assert sandbox.request("POST", path, EXTRA_CONFIG_MAP).status == 201
        yield found
    finally:
        sandbox.stop()


def all_differences(exchange: Exchange, answer: Answer) -> list[str]:
    then = exchange["response"]
    found = differences(then["body"], answer.body)
    if answer.headers.get("Warning") != then["warning"]:
        found.append(f"warning {then['warning']} became {answer.headers.get('Warning')}")
    if answer.headers.get("Content-Type") != then["contentType"]:
        found.append(f"content type {then['contentType']} became {answer.headers.get('Content-Type')}")
    return found


def unexplained(exchange: Exchange, answer: Answer) -> list[str]:
    step = exchange["step"]
    found = [
        each
        for each in all_differences(exchange, answer)
        if not any(known.explains(step, each) for known in KNOWN)
    ]
    if answer.status != exchange["response"]["status"]:
        found.append(f"status {exchange['response']['status']} became {answer.status}: {answer.body}")
    return found


@pytest.mark.parametrize("exchange", recorded(), ids=lambda exchange: exchange["step"])
def test_answer_is_the_recorded_one(exchange: Exchange, outcomes: dict[str, Outcome]) -> None:
    _, found = outcomes[exchange["step"]]
    assert found == []


@pytest.mark.parametrize("exchange", recorded(), ids=lambda exchange: exchange["step"])
def test_status_and_reason_are_the_recorded_ones_without_exception(
    exchange: Exchange, outcomes: dict[str, Outcome]
) -> None:
    answer, _ = outcomes[exchange["step"]]
    then = exchange["response"]
    assert answer.status == then["status"]
    if isinstance(then["body"], dict) and then["body"].get("kind") == "Status":
        assert answer.body.get("reason") == then["body"].get("reason")
        assert answer.body.get("message", "").split(":")[0] == then["body"].get("message", "").split(":")[0]


def test_a_changed_answer_would_be_noticed(outcomes: dict[str, Outcome]) -> None:
    exchange = next(each for each in recorded() if each["step"] == "cm-get")
    answer, _ = outcomes["cm-get"]
    spoilt = Answer(answer.status, answer.headers, {**answer.body, "data": {"k": "other"}})
    assert unexplained(exchange, spoilt) == [".data.k: 'v' became 'other'"]
    assert "status 200 became 404" in unexplained(exchange, Answer(404, answer.headers, answer.body))[-1]


def test_recording_is_complete() -> None:
    assert len(recorded()) == 93


def test_deliberate_differences_are_few_and_explained() -> None:
    assert len(KNOWN) <= MOST_DIFFERENCES
    assert all(len(known.reason) > 40 for known in KNOWN)


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: known.reason[:40])
def test_each_deliberate_difference_is_still_needed(known, outcomes: dict[str, Outcome]) -> None:
    seen = [
        found
        for exchange in recorded()
        for found in all_differences(exchange, outcomes[exchange["step"]][0])
        if known.explains(exchange["step"], found)
    ]
    assert seen
