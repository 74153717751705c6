"""Judging: every object, its Pod, every policy, all findings; and never a yes by accident."""

from __future__ import annotations

import json
from typing import Any

import pytest

from portal.core.objects import ObjectKey
from portal.policy import Verdict, load_bundle
from tests.policy.scenes import (
    CONFIG_MAPS,
    DEPLOYMENTS,
    EVERYTHING,
    PODS,
    POLICIES,
    binding,
    bundle_of,
    config_map,
    deployment,
    judge,
    namespace,
    outcomes,
    pod_spec,
    policy,
)

LIBRARY = load_bundle(POLICIES)


def test_all_findings_come_at_once() -> None:
    awful = deployment(image="nginx", securityContext={"privileged": True}, ports=[{"hostPort": 80}])
    awful["spec"]["template"]["spec"]["hostNetwork"] = True
    denied = {v.policy for v in judge(LIBRARY, awful, environment="production").verdicts if v.blocks}
    assert denied >= {
        *("pod-privileged", "pod-host-namespaces", "pod-host-ports", "image-registries", "image-tag"),
        *("resources-stated", "run-as-non-root", "probes", "service-account-token"),
    }


def test_a_denial_says_what_and_how_to_fix_it() -> None:
    judgement = judge(LIBRARY, deployment(securityContext={"privileged": True}))
    verdict = next(v for v in judgement.verdicts if v.policy == "pod-privileged")
    assert not judgement.allowed
    assert verdict.key == ObjectKey("apps/v1", "Deployment", "shop", "web")
    assert verdict.path == "spec.template"
    assert verdict.message == "These containers are privileged: web."
    assert verdict.reason == "Invalid"
    assert "securityContext.privileged" in verdict.remediation
    assert verdict.severity == "critical"


def test_verdicts_survive_json() -> None:
    for verdict in judge(LIBRARY, deployment()).verdicts:
        assert Verdict.from_dict(json.loads(json.dumps(verdict.as_dict()))) == verdict


def test_counts_add_up() -> None:
    judgement = judge(LIBRARY, deployment(), config_map())
    assert judgement.passed + judgement.warned + judgement.denied == len(judgement.verdicts)
    assert judgement.allowed == (judgement.denied == 0)


@pytest.mark.parametrize(
    ("api_version", "kind", "path"),
    [
        ("apps/v1", "Deployment", "spec.template"),
        ("apps/v1", "ReplicaSet", "spec.template"),
        ("apps/v1", "StatefulSet", "spec.template"),
        ("apps/v1", "DaemonSet", "spec.template"),
        ("v1", "ReplicationController", "spec.template"),
        ("batch/v1", "Job", "spec.template"),
        ("batch/v1", "CronJob", "spec.jobTemplate.spec.template"),
        ("v1", "PodTemplate", "template"),
        ("argoproj.io/v1alpha1", "Rollout", "spec.template"),
    ],
)
def test_workloads_are_judged_by_pod_policies(api_version: str, kind: str, path: str) -> None:
    inner: Any = {"spec": pod_spec()}
    for part in reversed(path.split(".")):
        inner = {part: inner}
    document = {"apiVersion": api_version, "kind": kind, "metadata": {"name": "w"}, **inner}
    seen = bundle_of("object.kind != 'Pod' || object.metadata.namespace != 'shop'", rule=PODS)
    (verdict,) = judge(seen, document).verdicts
    assert (verdict.outcome, verdict.path, verdict.key.kind) == ("deny", path, kind)


def test_pod_policies_see_the_pod_as_the_cluster_would() -> None:
    seen = bundle_of(
        "object.spec.serviceAccountName == 'default' && object.spec.enableServiceLinks"
        " && object.metadata.ownerReferences[0].kind == 'ReplicaSet'"
        " && request.resource.resource == 'pods' && object.metadata.labels.app == 'web'",
        rule=PODS,
    )
    assert outcomes(judge(seen, deployment())) == ["pass"]


def test_lists_are_judged_item_by_item() -> None:
    refuse = bundle_of("object.metadata.name != 'b'")
    inner = {"apiVersion": "v1", "kind": "ConfigMapList", "items": [{"metadata": {"name": "b"}}]}
    whole = {"apiVersion": "v1", "kind": "List", "items": [config_map("a"), inner, None]}
    judgement = judge(refuse, whole)
    assert [(v.key.name, v.outcome) for v in judgement.verdicts] == [("a", "pass"), ("b", "deny")]


def test_documents_without_a_namespace_land_in_the_target() -> None:
    seen = bundle_of("object.metadata.namespace == 'shop' && request.namespace == 'shop'")
    assert outcomes(judge(seen, config_map())) == ["pass"]


def test_cluster_scoped_documents_have_no_namespace() -> None:
    seen = bundle_of("namespaceObject == null && !has(object.metadata.namespace)", rule=EVERYTHING)
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "r"}}
    assert outcomes(judge(seen, role)) == ["pass"]


def test_the_scope_of_a_custom_kind_is_read_from_its_definition() -> None:
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "towers.lab.example.com"},
        "spec": {
            "group": "lab.example.com",
            "scope": "Cluster",
            "names": {"kind": "Tower", "plural": "towers"},
        },
    }
    tower = {"apiVersion": "lab.example.com/v1", "kind": "Tower", "metadata": {"name": "t"}}
    seen = bundle_of("!has(object.metadata.namespace)", rule=EVERYTHING)
    assert judge(seen, definition, tower).allowed
    assert not judge(seen, tower).allowed


def test_a_definition_cannot_rename_a_built_in_kind_out_of_reach_of_policies() -> None:
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "towers.apps"},
        "spec": {"group": "apps", "scope": "Cluster", "names": {"kind": "Deployment", "plural": "towers"}},
    }
    judgement = judge(bundle_of("false", rule=DEPLOYMENTS), definition, deployment())
    assert outcomes(judgement) == ["deny"]


def _by_environment(environment: str) -> dict[str, Any]:
    return {"namespaceSelector": {"matchLabels": {"slipway.dev/environment": environment}}}


def test_modes_are_bindings_to_environments() -> None:
    bundle = load_bundle(
        [
            policy("p", "false"),
            binding("p", "Warn", named="dev", matchResources=_by_environment("dev")),
            binding("p", "Deny", named="production", matchResources=_by_environment("production")),
            binding("p", "Audit", named="staging", matchResources=_by_environment("staging")),
        ]
    )
    expected = {"dev": "warn", "production": "deny", "staging": "audit"}
    for environment, outcome in expected.items():
        assert outcomes(judge(bundle, config_map(), environment=environment)) == [outcome]
    assert outcomes(judge(bundle, config_map(), environment="elsewhere")) == []


def test_a_namespace_without_an_environment_is_refused_where_modes_depend_on_it() -> None:
    judgement = judge(LIBRARY, deployment(), environment="")
    assert not judgement.allowed
    assert "no environment" in judgement.verdicts[0].message
    assert outcomes(judge(LIBRARY, deployment(), config_map(), environment="")) == ["error", "error"]


def test_cluster_scoped_objects_are_in_reach_of_every_namespace_selector() -> None:
    bundle = load_bundle(
        [
            policy("p", "false", rule=EVERYTHING),
            binding("p", "Warn", named="dev", matchResources=_by_environment("dev")),
            binding("p", "Deny", named="production", matchResources=_by_environment("production")),
        ]
    )
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "r"}}
    assert outcomes(judge(bundle, role)) == ["deny"]
    own_labels = namespace("production", "new")
    assert outcomes(judge(bundle, own_labels)) == ["deny"]
    assert outcomes(judge(bundle, namespace("dev", "new"), environment="production")) == ["warn"]


def test_known_objects_are_judged_as_updates() -> None:
    seen = bundle_of("request.operation == 'UPDATE' && oldObject.data.owner == object.data.owner")
    old = {ObjectKey("v1", "ConfigMap", "shop", "settings"): config_map(owner="a")}
    assert outcomes(judge(seen, config_map(owner="a"), old=old)) == ["pass"]
    assert outcomes(judge(seen, config_map(owner="b"), old=old)) == ["deny"]
    assert outcomes(judge(seen, config_map("other", owner="a"), old=old)) == ["deny"]


def test_deletion_shows_the_old_object_only() -> None:
    seen = bundle_of("object == null && oldObject.metadata.name == 'settings'")
    assert outcomes(judge(seen, config_map(), operation="DELETE")) == ["pass"]


def test_the_pods_of_a_changed_workload_are_new_and_those_of_a_deleted_one_are_not_judged() -> None:
    seen = bundle_of("request.operation == 'CREATE' && oldObject == null", rule=PODS)
    old = {ObjectKey("apps/v1", "Deployment", "shop", "web"): deployment()}
    assert outcomes(judge(seen, deployment(), old=old)) == ["pass"]
    assert outcomes(judge(seen, deployment(), operation="UPDATE")) == ["pass"]
    assert outcomes(judge(seen, deployment(), operation="DELETE")) == []


def test_the_user_is_known_to_policies() -> None:
    seen = bundle_of("request.userInfo.username == 'alice' && 'slipway:team:shop' in request.userInfo.groups")
    assert outcomes(judge(seen, config_map())) == ["pass"]


def test_params_come_with_the_bundle_or_with_the_call() -> None:
    limits = {**config_map("limits", most="3"), "metadata": {"name": "limits", "namespace": "slipway-system"}}
    documents = [
        policy(
            "p",
            "size(object.data) <= int(params.data.most)",
            paramKind={"apiVersion": "v1", "kind": "ConfigMap"},
        ),
        binding(
            "p",
            paramRef={"name": "limits", "namespace": "slipway-system", "parameterNotFoundAction": "Deny"},
        ),
    ]
    assert judge(load_bundle([*documents, limits]), config_map(a="1")).allowed
    assert judge(load_bundle(documents), config_map(a="1"), params=[limits]).allowed
    refused = judge(load_bundle(documents), config_map(a="1"))
    assert outcomes(refused) == ["error"]
    assert "no params found" in refused.verdicts[0].message


def test_every_selected_param_must_agree() -> None:
    def limit(name: str, most: str) -> dict[str, Any]:
        metadata = {"name": name, "namespace": "shop", "labels": {"limit": "yes"}}
        return {**config_map(name, most=most), "metadata": metadata}

    bundle = load_bundle(
        [
            policy(
                "p",
                "size(object.data) <= int(params.data.most)",
                paramKind={"apiVersion": "v1", "kind": "ConfigMap"},
            ),
            binding(
                "p",
                paramRef={"selector": {"matchLabels": {"limit": "yes"}}, "parameterNotFoundAction": "Allow"},
            ),
        ]
    )
    two = config_map(a="1", b="2")
    assert judge(bundle, two, params=[limit("l", "2")]).allowed
    assert not judge(bundle, two, params=[limit("l", "2"), limit("m", "1")]).allowed
    assert judge(bundle, two).allowed


def test_one_binding_of_two_is_enough_to_deny() -> None:
    bundle = load_bundle(
        [policy("p", "false", rule=CONFIG_MAPS), binding("p", "Warn"), binding("p", "Deny", named="second")]
    )
    assert outcomes(judge(bundle, config_map())) == ["deny"]


def test_a_policy_without_a_binding_is_off() -> None:
    assert judge(load_bundle([policy("p", "false")]), config_map()).verdicts == ()


def test_workload_policies_see_the_workload_itself() -> None:
    bundle = bundle_of("object.spec.replicas == 1", rule=DEPLOYMENTS)
    (verdict,) = judge(bundle, deployment()).verdicts
    assert (verdict.outcome, verdict.path) == ("pass", "")
