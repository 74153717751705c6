"""Policies are checked when they are loaded: every mistake, with where it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.policy import PolicyInvalid, load_bundle
from tests.policy.scenes import POLICIES, binding, bundle_of, config_map, judge, policy


def _write(folder: Path, name: str, *documents: Any) -> None:
    (folder / name).write_text(yaml.safe_dump_all(documents))


def _problems(*documents: Any) -> list[tuple[str, str]]:
    with pytest.raises(PolicyInvalid) as caught:
        load_bundle(list(documents))
    return [(problem.field, problem.message) for problem in caught.value.problems]


def test_all_mistakes_are_reported_with_file_document_field_and_expression(tmp_path: Path) -> None:
    _write(tmp_path, "a.yaml", policy("fine", "true"), policy("wrong", "thing.x", "object.spec.n"))
    _write(tmp_path, "b.yaml", policy("worse", "1 +"), binding("nowhere", "Allow"))
    with pytest.raises(PolicyInvalid) as caught:
        load_bundle(tmp_path)
    found = [(p.file, p.document, p.policy, p.field, p.expression) for p in caught.value.problems]
    assert found == [
        ("a.yaml", 1, "wrong", "spec.validations[0].expression", "thing.x"),
        ("a.yaml", 1, "wrong", "spec.validations[1].expression", "object.spec.n"),
        ("b.yaml", 0, "worse", "spec.validations[0].expression", "1 +"),
        ("b.yaml", 1, "nowhere", "spec.validationActions[0]", ""),
    ]
    assert "a.yaml[1] wrong: spec.validations[0].expression" in caught.value.message
    assert caught.value.details["problems"][0]["field"] == "spec.validations[0].expression"


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("object.spec.n", "must evaluate to bool but got dyn"),
        ("'text'", "must evaluate to bool but got string"),
        ("[1, 'a'].size() == 2", "expected type 'int' but found 'string'"),
        ("thing == 1", "undeclared reference to 'thing' (in container '')"),
        ("params.data.x == 1", "undeclared reference to 'params' (in container '')"),
        ("variables.nope == 1", "undeclared reference to 'variables'"),
        ("request.nope == 1", "undefined field 'nope'"),
        ("request.userInfo.nope == 1", "undefined field 'nope'"),
        ("namespaceObject.spec.nope == 1", "undefined field 'nope'"),
        ("request.name == 1", "found no matching overload for '_==_' applied to '(string, int)'"),
        ("object.x.matches('(')", "invalid matches argument"),
        ("duration('forever') > duration('1s')", "invalid duration argument"),
        ("object.x.shout() == 'A'", "undeclared reference to 'shout'"),
        ("cel.bind(x, 1, x == 1)", "undeclared reference to 'cel'"),
        ("math.greatest(1, 2) == 2", "undeclared reference to 'math'"),
        ("slipway_t1 == 1", "undeclared reference to 'slipway_t1'"),
        ("quantity(1) == quantity('1')", "found no matching overload for 'quantity' applied to '(int)'"),
        ("object.a ? ", "Syntax error"),
        ("(" * 300 + "true" + ")" * 300, "nested too deeply"),
        ("true" + " " * 100_000, "expression code point size exceeds limit"),
        ("", "expression is not specified"),
    ],
)
def test_expressions_that_cannot_be_used_are_refused(expression: str, said: str) -> None:
    ((where, message),) = _problems(policy("p", expression))
    assert where == "spec.validations[0].expression"
    assert said in message


def test_a_refusal_reads_as_the_api_servers() -> None:
    ((_, message),) = _problems(policy("p", "thing.x <= 5"))
    assert message == (
        'Invalid value: "thing.x <= 5": compilation failed: ERROR: <input>:1:1: '
        "undeclared reference to 'thing' (in container '')\n | thing.x <= 5\n | ^"
    )


def test_a_broken_variable_is_reported_once() -> None:
    variables = [{"name": "a", "expression": "nope"}, {"name": "b", "expression": "variables.a"}]
    problems = _problems(policy("p", "variables.b == 1", variables=variables))
    assert [where for where, _ in problems] == ["spec.variables[0].expression"]


def test_variables_see_only_the_variables_before_them() -> None:
    variables = [{"name": "a", "expression": "variables.b"}, {"name": "b", "expression": "1"}]
    ((where, message),) = _problems(policy("p", "true", variables=variables))
    assert (where, "undefined field 'b'" in message) == ("spec.variables[0].expression", True)


def test_values_cannot_double_without_end() -> None:
    variables = [{"name": "v0", "expression": "object.data.a"}]
    variables += [
        {"name": f"v{n}", "expression": f"variables.v{n - 1} + variables.v{n - 1}"} for n in range(1, 30)
    ]
    (verdict,) = judge(bundle_of("variables.v29 != ''", variables=variables), config_map(a="x")).verdicts
    assert verdict.outcome == "error"
    assert "operation cancelled: actual cost limit exceeded" in verdict.message


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"validations": []}, "spec.validations"),
        ({"validations": [{"expression": "true", "reason": "Unauthorized"}]}, "spec.validations[0].reason"),
        ({"validations": [{"expression": "true", "message": "a\nb"}]}, "spec.validations[0].message"),
        ({"validations": "true"}, "spec.validations"),
        ({"failurePolicy": "Open"}, "spec.failurePolicy"),
        ({"matchConstraints": None}, "spec.matchConstraints"),
        ({"matchConstraints": {}}, "spec.matchConstraints.resourceRules"),
        ({"matchConstraints": {"resourceRules": [{}]}}, "spec.matchConstraints.resourceRules[0].apiGroups"),
        ({"paramKind": {"kind": "ConfigMap"}}, "spec.paramKind.apiVersion"),
        ({"variables": [{"name": "no-name", "expression": "1"}]}, "spec.variables[0].name"),
        ({"matchConditions": [{"expression": "true"}]}, "spec.matchConditions[0].name"),
        (
            {"auditAnnotations": [{"key": "a", "valueExpression": "1"}]},
            "spec.auditAnnotations[0].valueExpression",
        ),
    ],
)
def test_documents_that_kubernetes_refuses_are_refused(change: dict[str, Any], field: str) -> None:
    document = policy("p", "true")
    document["spec"] |= change
    assert field in [where for where, _ in _problems(document)]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"validationActions": []}, "spec.validationActions"),
        ({"validationActions": ["Deny", "Warn"]}, "spec.validationActions"),
        ({"policyName": ""}, "spec.policyName"),
        ({"paramRef": {"parameterNotFoundAction": "Deny"}}, "spec.paramRef"),
        ({"paramRef": {"name": "a"}}, "spec.paramRef.parameterNotFoundAction"),
        (
            {"matchResources": {"namespaceSelector": {"matchExpressions": [{"key": "a", "operator": "Is"}]}}},
            "spec.matchResouces.namespaceSelector.matchExpressions[0].operator",
        ),
    ],
)
def test_bindings_that_kubernetes_refuses_are_refused(change: dict[str, Any], field: str) -> None:
    document = binding("p")
    document["spec"] |= change
    assert field in [where for where, _ in _problems(policy("p", "true"), document)]


def test_unknown_annotations_under_our_prefix_are_refused() -> None:
    document = policy("p", "true")
    document["metadata"]["annotations"] = {"policy.slipway.dev/remedation": "x", "example.com/other": "y"}
    ((field, message),) = _problems(document)
    assert (field, message) == ("metadata.annotations[policy.slipway.dev/remedation]", "unknown annotation")


def test_two_policies_of_one_name_are_refused() -> None:
    assert _problems(policy("p", "true"), policy("p", "false"))[0][0] == "metadata.name"


def test_a_missing_or_empty_folder_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent"):
        with pytest.raises(PolicyInvalid):
            load_bundle(path)
    _write(tmp_path, "only.yaml", binding("p"))
    with pytest.raises(PolicyInvalid, match="no policy here"):
        load_bundle(tmp_path)


def test_unreadable_yaml_is_refused(tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("a: b: c")
    with pytest.raises(PolicyInvalid, match="not readable YAML"):
        load_bundle(tmp_path)


def test_a_binding_of_nothing_is_refused_in_a_folder_but_not_in_a_cluster(tmp_path: Path) -> None:
    documents = [policy("p", "true"), binding("q")]
    _write(tmp_path, "p.yaml", *documents)
    with pytest.raises(PolicyInvalid, match="there is no policy 'q'"):
        load_bundle(tmp_path)
    assert load_bundle(documents).policies


def test_examples_are_no_policies(tmp_path: Path) -> None:
    _write(tmp_path, "p.yaml", policy("p", "true"), binding("p"))
    (tmp_path / "tests" / "p").mkdir(parents=True)
    _write(tmp_path / "tests" / "p", "bad-policy.yaml", policy("q", "nonsense"))
    assert [p.name for p in load_bundle(tmp_path).policies] == ["p"]


def test_the_digest_is_of_the_content_and_not_of_its_order() -> None:
    documents = [policy("p", "true"), binding("p"), policy("q", "true"), binding("q")]
    digest = load_bundle(documents).digest
    assert digest.startswith("sha256:")
    assert load_bundle(documents[::-1]).digest == digest
    assert load_bundle([*documents[:3], binding("q", "Warn")]).digest != digest
    assert load_bundle(POLICIES).digest == load_bundle(POLICIES).digest


FIELDS = st.sampled_from(
    [
        "validations",
        "variables",
        "matchConstraints",
        "matchConditions",
        "paramKind",
        "auditAnnotations",
        "policyName",
        "validationActions",
        "matchResources",
        "paramRef",
        "failurePolicy",
        "resourceRules",
        "namespaceSelector",
        "matchExpressions",
        "matchLabels",
        "expression",
        "name",
        "key",
        "operations",
    ]
)
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["true", "object.x", "Deny", "((", ""]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(FIELDS, inner, max_size=4),
    max_leaves=15,
)


@settings(max_examples=200, deadline=None)
@given(metadata=JUNK, spec=JUNK, kind=st.sampled_from([policy("p")["kind"], binding("p")["kind"]]))
def test_no_document_breaks_the_reader(metadata: Any, spec: Any, kind: str) -> None:
    document = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": kind,
        "metadata": metadata,
        "spec": spec,
    }
    with pytest.raises(PolicyInvalid):
        load_bundle([document, policy("broken", "1 +")])
