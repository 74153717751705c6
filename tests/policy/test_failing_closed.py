"""Failing closed: what cannot be evaluated, read or judged is refused, and is never a yes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.policy import load_bundle
from tests.policy.scenes import (
    EVERYTHING,
    POLICIES,
    binding,
    bundle_of,
    config_map,
    judge,
    outcomes,
    policy,
)

LIBRARY = load_bundle(POLICIES)


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("object.data.missing == 'x'", "no such key: missing"),
        ("int(object.data.a) > 0", "type conversion error"),
        ("object.data.a.matches(object.data.pattern)", "missing closing )"),
        ("object.data.list[3] == 1", "no such key: list"),
        ("[1, 2, 3][int(object.data.seven)] == 1", "index out of bounds: 7"),
        ("10 / (size(object.data.a) - 1) > 0", "division by zero"),
    ],
)
def test_what_cannot_be_evaluated_is_refused(expression: str, said: str) -> None:
    document = config_map(a="x", pattern="(", seven="7")
    (verdict,) = judge(bundle_of(expression), document).verdicts
    assert verdict.outcome == "error"
    assert said in verdict.message


def test_endless_expressions_are_cut_off_and_refused() -> None:
    many = [str(number) for number in range(200)]
    bundle = bundle_of(
        "object.spec.items.all(a, object.spec.items.all(b, object.spec.items.all(c, a + b + c != '')))",
        rule=EVERYTHING,
    )
    widget = {
        "apiVersion": "lab.example.com/v1",
        "kind": "Widget",
        "metadata": {"name": "w"},
        "spec": {"items": many},
    }
    (verdict,) = judge(bundle, widget).verdicts
    assert verdict.outcome == "error"
    assert "cost limit exceeded" in verdict.message


def test_an_error_beside_a_truth_is_still_an_error() -> None:
    bundle = bundle_of("object.data.missing == 'x' || object.data.missing != 'x'")
    assert outcomes(judge(bundle, config_map(a="1"))) == ["error"]


def test_failure_policy_ignore_lets_errors_pass_but_not_denials() -> None:
    bundle = bundle_of("object.data.missing == 'x'", "false", failurePolicy="Ignore")
    judgement = judge(bundle, config_map(a="1"))
    assert outcomes(judgement) == ["audit", "deny"]
    assert "no such key: missing" in judgement.verdicts[0].message


def test_errors_only_warn_where_the_binding_only_warns() -> None:
    bundle = load_bundle([policy("p", "object.data.missing == 'x'"), binding("p", "Warn")])
    assert outcomes(judge(bundle, config_map(a="1"))) == ["warn"]


def test_what_needs_the_cluster_is_never_silently_passed() -> None:
    expression = "authorizer.group('').resource('pods').check('create').allowed()"
    for failure_policy in ("Fail", "Ignore"):
        (verdict,) = judge(bundle_of(expression, failurePolicy=failure_policy), config_map()).verdicts
        assert verdict.outcome == "error"
        assert "only available inside a cluster" in verdict.message


@pytest.mark.parametrize(
    "document",
    [
        "text",
        42,
        ["a"],
        {"kind": "ConfigMap"},
        {"apiVersion": "v1"},
        {"apiVersion": "v1", "kind": 7},
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": "text"},
    ],
)
def test_what_is_no_object_is_refused(document: Any) -> None:
    judgement = judge(bundle_of("true"), document)
    assert outcomes(judgement) == ["error"]
    assert "not a Kubernetes object" in judgement.verdicts[0].message


def test_an_object_nested_too_deeply_is_refused() -> None:
    deep: Any = {}
    for _ in range(3000):
        deep = {"a": deep}
    judgement = judge(bundle_of("true"), {**config_map(), "data": deep})
    assert outcomes(judgement) == ["error"]
    assert "could not be judged" in judgement.verdicts[0].message


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(
    kind=st.sampled_from(["Pod", "Deployment", "CronJob", "Service", "Ingress", "List", "Widget"]),
    spec=VALUES,
    metadata=VALUES,
)
def test_no_document_breaks_the_judge(kind: str, spec: Any, metadata: Any) -> None:
    document = {"apiVersion": "apps/v1", "kind": kind, "metadata": metadata, "spec": spec}
    core = {**document, "apiVersion": "v1"}
    judgement = judge(LIBRARY, document, core)
    if kind == "Pod" and isinstance(metadata, dict):
        assert not judgement.allowed
