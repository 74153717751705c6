"""The requests that cases stand for: what policies find in them, and what is refused before."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from portal.policy.cases import answer, judge_case
from tests.policy.scenes import binding, config_map, deployment, pod_spec, policy

EVERYTHING = {"apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*/*"]}


def _case(expression: str, obj: dict[str, Any], operation: str = "CREATE", **request: Any) -> dict[str, Any]:
    more = {key: request.pop(key) for key in ("params", "crd", "binding", "policies") if key in request}
    return {
        "name": "case",
        "policy": policy("p", {"expression": expression, "message": "no"}, rule=EVERYTHING),
        "binding": binding("p"),
        "request": {"operation": operation, "object": obj, **request},
        **more,
    }


def _allowed(expression: str, obj: dict[str, Any], operation: str = "CREATE", **request: Any) -> bool:
    said = judge_case(_case(expression, obj, operation, **request))
    assert said["policyAccepted"]
    return bool(said["allowed"])


def _named(namespace: str = "", **metadata: Any) -> dict[str, Any]:
    metadata = {"name": "settings", **metadata} | ({"namespace": namespace} if namespace else {})
    return {**config_map(), "metadata": metadata}


@pytest.mark.parametrize(
    ("obj", "expression"),
    [
        (_named(), "request.namespace == 'default' && namespaceObject.metadata.name == 'default'"),
        (_named("shop"), "request.namespace == 'shop' && namespaceObject.metadata.name == 'shop'"),
        (_named("shop"), "namespaceObject.metadata.labels['kubernetes.io/metadata.name'] == 'shop'"),
        (_named(), "object.metadata.namespace == 'default'"),
        (_named(), "namespaceObject.status.phase == 'Active'"),
    ],
)
def test_an_object_is_in_its_namespace_or_in_the_default_one(obj: dict[str, Any], expression: str) -> None:
    assert _allowed(expression, obj)


def test_labels_of_the_namespace_are_those_of_the_case() -> None:
    expression = "namespaceObject.metadata.labels.stage == 'production'"
    assert _allowed(expression, _named("shop"), namespaceLabels={"stage": "production"})


def test_what_has_no_namespace_has_no_namespace_object() -> None:
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "r"}}
    assert _allowed("namespaceObject == null && !has(request.namespace)", role)
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
    assert _allowed("namespaceObject == null && request.namespace == 'shop'", space)


@pytest.mark.parametrize(
    ("operation", "kind"),
    [("CREATE", "CreateOptions"), ("UPDATE", "UpdateOptions"), ("DELETE", "DeleteOptions")],
)
def test_a_request_comes_with_the_options_of_its_operation(operation: str, kind: str) -> None:
    old = {"oldObject": _named()}
    assert _allowed(f"request.options.kind == '{kind}'", _named(), operation, **old)


def test_a_dry_run_says_so() -> None:
    assert _allowed("request.dryRun && request.options.dryRun == ['All']", _named(), dryRun=True)
    assert _allowed("!request.dryRun && !has(request.options.dryRun)", _named())


def test_deletion_shows_what_is_there_under_either_name() -> None:
    expression = "object == null && oldObject.metadata.name == 'settings'"
    assert _allowed(expression, _named(), "DELETE")
    request = {"operation": "DELETE", "oldObject": _named()}
    assert judge_case({**_case(expression, _named()), "request": request})["allowed"]


def test_an_update_shows_both_with_one_identity() -> None:
    expression = "object.metadata.uid == oldObject.metadata.uid && has(oldObject.metadata.resourceVersion)"
    assert _allowed(expression, _named(), "UPDATE", oldObject=_named())


def test_a_sub_resource_and_a_connection_are_told_apart() -> None:
    exec_options = {"apiVersion": "v1", "kind": "PodExecOptions", "metadata": {}, "command": ["sh"]}
    request = {"name": "web"}
    expression = (
        "request.subResource == 'exec' && request.resource.resource == 'pods' && request.name == 'web'"
    )
    assert _allowed(expression, exec_options, "CONNECT", **request)


def test_the_user_is_who_the_case_says() -> None:
    user = {"username": "alice", "groups": ["dev"], "uid": "7", "extra": {"team": ["shop"]}}
    expression = "request.userInfo.extra.team == ['shop'] && 'dev' in request.userInfo.groups"
    assert _allowed(expression, _named(), userInfo=user)


def test_a_generated_name_is_the_name_in_the_refusal() -> None:
    said = judge_case(_case("false", {**config_map(), "metadata": {"generateName": "gen-"}}))
    assert said["message"].startswith('configmaps "gen-')
    assert 'configmaps "gen-" ' not in said["message"]


def test_a_definition_in_the_case_says_how_its_kind_is_called_and_where_it_lives() -> None:
    crd = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "spec": {"group": "x.example.com", "scope": "Cluster", "names": {"kind": "Ox", "plural": "oxen"}},
    }
    ox = {"apiVersion": "x.example.com/v1", "kind": "Ox", "metadata": {"name": "o"}}
    said = judge_case(_case("namespaceObject != null", ox, crd=crd))
    assert said["message"].startswith('oxen.x.example.com "o" is forbidden')


def test_params_are_read_as_they_are_stored() -> None:
    case = _case("params.metadata.uid != '' && params.data.limit == '3'", _named())
    case["policy"]["spec"]["paramKind"] = {"apiVersion": "v1", "kind": "ConfigMap"}
    reference = {"name": "limits", "parameterNotFoundAction": "Deny"}
    case["binding"] = binding("p", paramRef=reference)
    assert not judge_case(case)["allowed"]
    for params in (config_map("limits", limit="3"), [config_map("other"), config_map("limits", limit="3")]):
        assert judge_case({**case, "params": params})["allowed"]


def test_several_policies_and_bindings_may_be_at_work() -> None:
    case = _case("true", _named())
    case["policies"] = [policy("q", "false", rule=EVERYTHING)]
    assert judge_case(case)["allowed"]
    assert not judge_case({**case, "bindings": [binding("q")]})["allowed"]


def test_a_policy_without_a_binding_holds_nothing_back() -> None:
    case = _case("false", _named())
    del case["binding"]
    assert judge_case(case)["allowed"]


def test_a_binding_that_the_server_refuses_is_named() -> None:
    case = {**_case("true", _named()), "binding": binding("p", "Deny", "Warn")}
    said = judge_case(case)
    assert said["policyAccepted"] is False
    assert said["message"].startswith("ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io")


@pytest.mark.parametrize(
    ("obj", "status", "message"),
    [
        (
            {**config_map(), "metadata": {}},
            422,
            'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required',
        ),
        (
            {**deployment(), "spec": {**deployment()["spec"], "selector": {"matchLabels": {"app": "other"}}}},
            422,
            'Deployment.apps "web" is invalid: spec.template.metadata.labels: Invalid value: {"app":"web"}: '
            "`selector` does not match template `labels`",
        ),
        (
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": "p"},
                "spec": {**pod_spec(), "ephemeralContainers": [{"name": "debug", "image": "a:1"}]},
            },
            422,
            'Pod "p" is invalid: spec.ephemeralContainers: Forbidden: cannot be set on create',
        ),
    ],
)
def test_what_the_server_refuses_itself_is_refused_whatever_policies_say(
    obj: dict[str, Any], status: int, message: str
) -> None:
    for expression in ("true", "false"):
        said = judge_case(_case(expression, obj))
        assert (said["allowed"], said["httpStatus"], said["message"]) == (False, status, message)


def test_a_version_that_the_server_does_not_serve_is_not_found() -> None:
    old = {"apiVersion": "policy/v1beta1", "kind": "PodDisruptionBudget", "metadata": {"name": "b"}}
    said = judge_case(_case("true", old))
    assert (said["allowed"], said["httpStatus"], said["reason"]) == (False, 404, "NotFound")


def test_an_eviction_is_sent_to_a_part_of_a_pod() -> None:
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "web"}}
    said = judge_case(_case("request.subResource != 'eviction'", eviction))
    assert said["message"].startswith('pods "web" is forbidden')


def test_a_value_of_another_type_is_not_read() -> None:
    wrong = copy.deepcopy(deployment())
    wrong["spec"]["replicas"] = "two"
    said = judge_case(_case("true", wrong))
    assert (said["allowed"], said["httpStatus"], said["reason"]) == (False, 400, "BadRequest")
    assert "cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas" in said["message"]


def test_an_unknown_field_is_dropped_with_a_warning() -> None:
    typo = copy.deepcopy(deployment())
    typo["spec"]["replicaz"] = 3
    said = judge_case(_case("!has(object.spec.replicaz)", typo))
    assert (said["allowed"], said["warning"]) == (True, '299 - "unknown field \\"spec.replicaz\\""')


@pytest.mark.parametrize(
    ("part", "value"),
    [("userInfo", "alice"), ("userInfo", {"groups": 7}), ("namespaceLabels", [1]), ("options", "x")],
)
def test_a_request_that_cannot_be_read_is_a_bad_one(part: str, value: Any) -> None:
    said = answer(_case("true", _named(), **{part: value}))
    assert (said["allowed"], said["httpStatus"]) == (False, 400)
    assert f"request.{part}" in said["message"]
