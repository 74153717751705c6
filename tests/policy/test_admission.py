"""The API server's answer to one request, for the sandbox and whoever else stands in for a cluster."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from portal.policy import AdmissionRequest, load_bundle
from tests.policy.scenes import ALICE, EVERYTHING, binding, bundle_of, config_map, namespace, policy

REQUEST = AdmissionRequest(
    operation="CREATE",
    group="",
    version="v1",
    resource="configmaps",
    kind="ConfigMap",
    name="settings",
    namespace="shop",
    object=config_map(a="1"),
    old_object=None,
    user=ALICE,
    namespace_object=namespace(),
)


def test_no_policy_admits_everything() -> None:
    answer = load_bundle([]).admit(REQUEST)
    assert (answer.allowed, answer.code, answer.warnings) == (True, 200, ())


@pytest.mark.parametrize(
    ("reason", "code"), [(None, 422), ("Invalid", 422), ("Forbidden", 403), ("RequestEntityTooLarge", 413)]
)
def test_the_reason_chooses_the_status(reason: str | None, code: int) -> None:
    validation = {"expression": "false", "message": "no", **({"reason": reason} if reason else {})}
    answer = bundle_of(validation).admit(REQUEST)
    assert (answer.allowed, answer.code, answer.reason) == (False, code, reason or "Invalid")
    assert answer.message == (
        "configmaps \"settings\" is forbidden: ValidatingAdmissionPolicy 'p' "
        "with binding 'p' denied request: no"
    )


def test_warnings_name_policy_and_binding() -> None:
    bundle = load_bundle(
        [policy("p", {"expression": "false", "message": "hm"}), binding("p", "Warn", named="b")]
    )
    answer = bundle.admit(REQUEST)
    assert answer.allowed
    assert answer.warnings == ("Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': hm",)


def test_audit_leaves_an_annotation_and_no_warning() -> None:
    bundle = load_bundle(
        [policy("p", "true", {"expression": "false", "message": "hm"}), binding("p", "Audit")]
    )
    answer = bundle.admit(REQUEST)
    assert (answer.allowed, answer.warnings) == (True, ())
    ((key, value),) = answer.audit_annotations.items()
    assert key == "validation.policy.admission.k8s.io/validation_failure"
    assert json.loads(value) == [
        {"message": "hm", "policy": "p", "binding": "p", "expressionIndex": 1, "validationActions": ["Audit"]}
    ]


def test_audit_annotations_are_published_unless_empty() -> None:
    notes = [
        {"key": "name", "valueExpression": "'is ' + object.metadata.name"},
        {"key": "blank", "valueExpression": "'  '"},
        {"key": "none", "valueExpression": "null"},
    ]
    assert bundle_of(auditAnnotations=notes).admit(REQUEST).audit_annotations == {"p/name": "is settings"}


def test_an_audit_annotation_that_fails_denies_even_where_the_binding_only_audits() -> None:
    notes = [{"key": "name", "valueExpression": "'is ' + object.data.missing"}]
    bundle = load_bundle([policy("p", auditAnnotations=notes), binding("p", "Audit")])
    answer = bundle.admit(REQUEST)
    assert not answer.allowed
    assert "no such key: missing" in answer.message


def test_both_bindings_speak_and_the_denial_wins() -> None:
    bundle = load_bundle(
        [policy("p", "false"), binding("p", "Warn", named="a"), binding("p", "Deny", named="b")]
    )
    answer = bundle.admit(REQUEST)
    assert not answer.allowed
    assert "with binding 'b'" in answer.message
    assert len(answer.warnings) == 1


@pytest.mark.parametrize(
    ("expression", "admitted"),
    [
        ("request.subResource == 'status'", True),
        ("has(request.subResource)", True),
        ("request.dryRun", True),
        ("request.kind.kind == 'ConfigMap' && request.kind.group == ''", True),
        ("request.options.kind == 'UpdateOptions'", True),
        ("request.userInfo.extra['scope'] == ['a']", True),
        ("request.name == 'other'", False),
    ],
)
def test_the_request_is_visible_to_expressions(expression: str, admitted: bool) -> None:
    request = replace(
        REQUEST,
        operation="UPDATE",
        old_object=config_map(),
        sub_resource="status",
        dry_run=True,
        options={"kind": "UpdateOptions"},
        user=replace(ALICE, extra={"scope": ["a"]}),
    )
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps/status"]}
    assert bundle_of(expression, rule=rule).admit(request).allowed is admitted


@pytest.mark.parametrize(
    ("resources", "sub_resource", "matched"),
    [
        (["configmaps"], "", True),
        (["configmaps"], "status", False),
        (["configmaps/status"], "status", True),
        (["configmaps/*"], "status", True),
        (["*/status"], "status", True),
        (["*"], "status", False),
        (["*/*"], "status", True),
        (["*/*"], "", True),
        (["secrets", "configmaps"], "", True),
    ],
)
def test_sub_resources_match_only_when_named(resources: list[str], sub_resource: str, matched: bool) -> None:
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "resources": resources}
    answer = bundle_of("false", rule=rule).admit(replace(REQUEST, sub_resource=sub_resource))
    assert answer.allowed is not matched


@pytest.mark.parametrize(
    ("constraints", "matched"),
    [
        ({"resourceNames": ["settings"]}, True),
        ({"resourceNames": ["other"]}, False),
        ({"scope": "Namespaced"}, True),
        ({"scope": "Cluster"}, False),
        ({"operations": ["UPDATE", "DELETE"]}, False),
        ({"apiVersions": ["v2"]}, False),
        ({"apiGroups": ["apps"]}, False),
    ],
)
def test_rules_match_as_in_kubernetes(constraints: dict[str, Any], matched: bool) -> None:
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"], **constraints}
    assert bundle_of("false", rule=rule).admit(REQUEST).allowed is not matched


@pytest.mark.parametrize(
    ("selector", "matched"),
    [
        ({"matchLabels": {"slipway.dev/environment": "dev"}}, True),
        (
            {
                "matchExpressions": [
                    {"key": "slipway.dev/environment", "operator": "NotIn", "values": ["dev"]}
                ]
            },
            False,
        ),
        ({"matchExpressions": [{"key": "absent", "operator": "NotIn", "values": ["x"]}]}, True),
        ({"matchExpressions": [{"key": "absent", "operator": "Exists"}]}, False),
        ({"matchExpressions": [{"key": "absent", "operator": "DoesNotExist"}]}, True),
        ({}, True),
    ],
)
def test_namespace_selectors_match_as_in_kubernetes(selector: dict[str, Any], matched: bool) -> None:
    resources = {"namespaceSelector": selector}
    bundle = load_bundle([policy("p", "false"), binding("p", matchResources=resources)])
    assert bundle.admit(REQUEST).allowed is not matched


def test_object_selectors_look_at_the_new_and_the_old_object() -> None:
    constraints = {"objectSelector": {"matchLabels": {"guard": "on"}}}
    bundle = load_bundle([policy("p", "false"), binding("p", matchResources=constraints)])
    guarded = {**config_map(), "metadata": {"name": "settings", "labels": {"guard": "on"}}}
    assert bundle.admit(REQUEST).allowed
    assert not bundle.admit(replace(REQUEST, object=guarded)).allowed
    assert not bundle.admit(replace(REQUEST, operation="UPDATE", old_object=guarded)).allowed


def test_exclusions_win_over_rules() -> None:
    excluded = {"apiGroups": [""], "apiVersions": ["*"], "operations": ["*"], "resources": ["configmaps"]}
    bundle = load_bundle(
        [policy("p", "false"), binding("p", matchResources={"excludeResourceRules": [excluded]})]
    )
    assert bundle.admit(REQUEST).allowed


def test_a_policy_cannot_forbid_its_own_removal() -> None:
    request = replace(
        REQUEST,
        group="admissionregistration.k8s.io",
        resource="validatingadmissionpolicies",
        kind="ValidatingAdmissionPolicy",
        namespace="",
        namespace_object=None,
    )
    assert bundle_of("false", rule=EVERYTHING).admit(request).allowed


@pytest.mark.parametrize(
    ("conditions", "admitted"),
    [
        (["true"], False),
        (["true", "false"], True),
        (["object.data.missing == 'x'"], False),
        (["object.data.missing == 'x'", "false"], True),
    ],
)
def test_match_conditions_narrow_and_their_errors_deny(conditions: list[str], admitted: bool) -> None:
    named = [{"name": f"c{index}", "expression": text} for index, text in enumerate(conditions)]
    assert bundle_of("false", matchConditions=named).admit(REQUEST).allowed is admitted


@pytest.mark.parametrize(
    ("message_expression", "said"),
    [
        ("'  ' + object.metadata.name + ' '", "settings"),
        ("''", "plain"),
        ("'two\\nlines'", "plain"),
        ("object.data.missing + ''", "plain"),
    ],
)
def test_a_message_expression_that_fails_falls_back_to_the_message(
    message_expression: str, said: str
) -> None:
    validation = {"expression": "false", "message": "plain", "messageExpression": message_expression}
    assert bundle_of(validation).admit(REQUEST).message.endswith(f"denied request: {said}")


def test_params_of_the_requests_own_namespace_are_found() -> None:
    bundle = load_bundle(
        [
            policy("p", "params.data.open == 'yes'", paramKind={"apiVersion": "v1", "kind": "ConfigMap"}),
            binding("p", paramRef={"name": "gate", "parameterNotFoundAction": "Deny"}),
        ]
    )
    gate = {**config_map(open="yes"), "metadata": {"name": "gate", "namespace": "shop"}}
    elsewhere = {**gate, "metadata": {"name": "gate", "namespace": "other"}}
    assert bundle.admit(REQUEST, params=[gate]).allowed
    assert not bundle.admit(REQUEST, params=[elsewhere]).allowed


def test_params_of_a_namespaced_kind_need_a_namespace_to_be_found_in() -> None:
    bundle = load_bundle(
        [
            policy("p", "true", rule=EVERYTHING, paramKind={"apiVersion": "v1", "kind": "ConfigMap"}),
            binding("p", paramRef={"name": "gate", "parameterNotFoundAction": "Allow"}),
        ]
    )
    role = replace(
        REQUEST,
        group="rbac.authorization.k8s.io",
        resource="clusterroles",
        kind="ClusterRole",
        namespace="",
        namespace_object=None,
    )
    answer = bundle.admit(role)
    assert not answer.allowed
    assert "cannot use namespaced paramRef" in answer.message
