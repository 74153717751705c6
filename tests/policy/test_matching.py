"""Which requests a policy is about, and in which version it sees them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from portal.policy import Admission, AdmissionRequest, load_bundle
from tests.policy.scenes import ALICE, EVERYTHING, binding, config_map, namespace, policy

REQUEST = AdmissionRequest(
    *("CREATE", "", "v1", "configmaps", "ConfigMap", "settings", "shop"),
    *(config_map(a="1"), None, ALICE, namespace()),
)
AUTOSCALER: dict[str, Any] = {
    "apiVersion": "autoscaling/v2",
    "kind": "HorizontalPodAutoscaler",
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {
        "maxReplicas": 9,
        "metrics": [
            {
                "type": "Resource",
                "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}},
            }
        ],
    },
}
SCALING = replace(
    REQUEST,
    group="autoscaling",
    version="v2",
    resource="horizontalpodautoscalers",
    kind="HorizontalPodAutoscaler",
    name="web",
    object=AUTOSCALER,
)
V1 = {"apiGroups": ["autoscaling"], "apiVersions": ["v1"], "resources": ["horizontalpodautoscalers"]}


def _answer(
    request: AdmissionRequest, rule: dict[str, Any], expression: str = "false", **match: Any
) -> Admission:
    document = policy("p", expression, rule=rule)
    document["spec"]["matchConstraints"] |= match
    return load_bundle([document, binding("p")]).admit(request)


def _matches(request: AdmissionRequest, rule: dict[str, Any], **match: Any) -> bool:
    return not _answer(request, rule, **match).allowed


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ("object.apiVersion == 'autoscaling/v1'", True),
        ("object.spec.targetCPUUtilizationPercentage == 60 && !has(object.spec.metrics)", True),
        ("request.kind.version == 'v1' && request.resource.version == 'v1'", True),
        ("request.requestKind.version == 'v2' && request.requestResource.version == 'v2'", True),
        ("object.spec.maxReplicas < 9", False),
    ],
)
def test_a_rule_for_another_version_sees_the_object_converted(expression: str, holds: bool) -> None:
    assert _answer(SCALING, V1, expression).allowed is holds
    assert _answer(SCALING, V1, expression, matchPolicy="Exact").allowed is True


def test_what_cannot_be_converted_is_refused() -> None:
    memory = {"type": "Resource", "resource": {"name": "memory", "target": {"averageUtilization": 60}}}
    spec = {**AUTOSCALER["spec"], "metrics": [memory]}
    answer = _answer(replace(SCALING, object={**AUTOSCALER, "spec": spec}), V1, "true")
    assert not answer.allowed
    assert "failed to convert object version" in answer.message


def test_a_policy_for_v2_sees_what_v1_means() -> None:
    spec = {"maxReplicas": 9, "targetCPUUtilizationPercentage": 70}
    old = {**AUTOSCALER, "apiVersion": "autoscaling/v1", "spec": spec}
    expression = "object.spec.metrics[0].resource.target.averageUtilization == 70"
    assert _answer(
        replace(SCALING, version="v1", object=old), {**V1, "apiVersions": ["v2"]}, expression
    ).allowed


def test_custom_kinds_keep_their_fields_in_other_versions() -> None:
    document = {
        "apiVersion": "example.com/v1beta1",
        "kind": "Shop",
        "metadata": {"name": "a"},
        "spec": {"n": 1},
    }
    request = replace(
        REQUEST, group="example.com", version="v1beta1", resource="shops", kind="Shop", object=document
    )
    rule = {"apiGroups": ["example.com"], "apiVersions": ["v1"], "resources": ["shops"]}
    assert _answer(request, rule, "object.apiVersion == 'example.com/v1' && object.spec.n == 1").allowed
    assert _matches(request, rule)
    assert not _matches(request, rule, matchPolicy="Exact")
    # an exclusion must be sure
    everything = {**EVERYTHING, "apiGroups": ["example.com"]}
    assert _matches(request, everything, excludeResourceRules=[{"operations": ["*"], **rule}])


def test_built_in_kinds_have_no_version_but_those_that_are_served() -> None:
    assert not _matches(REQUEST, {"apiGroups": [""], "apiVersions": ["v2"], "resources": ["configmaps"]})


@pytest.mark.parametrize(
    ("group", "resource"),
    [
        ("authentication.k8s.io", "tokenreviews"),
        ("authorization.k8s.io", "selfsubjectaccessreviews"),
        ("admissionregistration.k8s.io", "validatingadmissionpolicies"),
    ],
)
def test_questions_and_policies_themselves_are_never_judged(group: str, resource: str) -> None:
    request = replace(REQUEST, group=group, resource=resource, namespace="", namespace_object=None)
    assert not _matches(request, {**EVERYTHING, "resources": ["*/*"]})


@pytest.mark.parametrize(
    ("resources", "sub_resource", "matched"),
    [
        (["pods"], "", True),
        (["pods"], "status", False),
        (["pods/status"], "status", True),
        (["pods/*"], "", True),
        (["pods/*"], "status", True),
        (["*"], "status", False),
        (["*/status"], "status", True),
        (["*/*"], "", True),
        (["services"], "", False),
    ],
)
def test_sub_resources_are_named(resources: list[str], sub_resource: str, matched: bool) -> None:
    request = replace(REQUEST, resource="pods", kind="Pod", sub_resource=sub_resource)
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "resources": resources}
    assert _matches(request, rule) is matched


def test_a_namespace_is_selected_by_the_labels_it_will_have() -> None:
    before, after = namespace("dev"), namespace("production")
    request = replace(
        *(REQUEST,),
        operation="UPDATE",
        resource="namespaces",
        kind="Namespace",
        object=after,
        old_object=before,
        namespace_object=before,
    )
    selector = {"matchLabels": {"slipway.dev/environment": "production"}}
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["namespaces", "namespaces/status"]}
    assert _matches(request, rule, namespaceSelector=selector)
    assert not _matches(replace(request, operation="DELETE", object=None), rule, namespaceSelector=selector)
    assert not _matches(replace(request, sub_resource="status"), rule, namespaceSelector=selector)


def test_objects_are_selected_by_the_labels_that_they_have_or_had() -> None:
    labelled = {**config_map(), "metadata": {"name": "settings", "labels": {"a": "b"}}}
    request = replace(REQUEST, operation="UPDATE", old_object=labelled)
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"]}
    selector = {"matchLabels": {"a": "b"}}
    assert _matches(request, rule, objectSelector=selector)
    assert not _matches(REQUEST, rule, objectSelector=selector)
    absent = {"matchExpressions": [{"key": "a", "operator": "DoesNotExist"}]}
    assert not _matches(replace(request, operation="DELETE", object=None), rule, objectSelector=absent)


def test_match_conditions_see_no_namespace_object() -> None:
    condition = {"name": "c", "expression": "namespaceObject.metadata.name == 'shop'"}
    document = policy("p", "namespaceObject.metadata.name == 'other'", matchConditions=[condition])
    answer = load_bundle([document, binding("p")]).admit(REQUEST)
    assert "no such key: metadata" in answer.message


@pytest.mark.parametrize("failure", ["Fail", "Ignore"])
@pytest.mark.parametrize("where", ["condition", "validation", "variable"])
def test_what_asks_the_cluster_who_may_is_never_passed(where: str, failure: str) -> None:
    asked = "authorizer.group('').resource('pods').check('get').allowed()"
    spec: dict[str, Any] = {"failurePolicy": failure}
    if where == "condition":
        spec["matchConditions"] = [{"name": "c", "expression": asked}]
    if where == "variable":
        spec["variables"] = [{"name": "may", "expression": asked}]
    expression = {"condition": "true", "validation": asked, "variable": "variables.may"}[where]
    answer = load_bundle([policy("p", expression, **spec), binding("p")]).admit(REQUEST)
    assert not answer.allowed
    assert "only available inside a cluster" in answer.message


def test_warnings_of_more_than_one_line_are_left_out_as_in_a_header() -> None:
    bundle = load_bundle([policy("p", "false ||\n  false"), binding("p", "Warn")])
    assert bundle.admit(REQUEST).warnings == ()


def test_an_object_without_a_name_is_called_by_what_its_name_comes_from() -> None:
    generated = {**config_map(), "metadata": {"generateName": "job-"}}
    answer = _answer(replace(REQUEST, name="", object=generated), {**EVERYTHING})
    assert answer.message.startswith('configmaps "job-" is forbidden')
