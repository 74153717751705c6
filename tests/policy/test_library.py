"""What examples cannot say of the library: updates, deletions, who asks, the mode in each environment."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from portal.policy import AdmissionRequest, UserInfo, load_bundle
from tests.policy.scenes import ALICE, POLICIES, judge, namespace

BUNDLE = load_bundle(POLICIES)
OWNER = {"slipway.dev/application": "storefront", "slipway.dev/team": "shop"}
DEFAULT_DENY = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "default-deny", "namespace": "shop"},
    "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
}
ADMIN = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "ClusterRole",
    "metadata": {"name": "admin"},
    "rules": [{"apiGroups": [""], "resources": ["serviceaccounts"], "verbs": ["impersonate"]}],
}


def _example(name: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((POLICIES / "tests" / f"{name}.yaml").read_text())
    return document


def _outcomes(name: str, environment: str) -> set[str]:
    judgement = judge(BUNDLE, _example(name), environment=environment)
    return {v.outcome for v in judgement.verdicts if v.policy == name.partition("/")[0]}


def _request(
    operation: Any, new: Any, old: Any, *, user: UserInfo = ALICE, resource: str, group: str = ""
) -> AdmissionRequest:
    subject = new or old
    is_namespaced = resource == "networkpolicies"
    return AdmissionRequest(
        operation=operation,
        group=group,
        version="v1",
        resource=resource,
        kind=subject["kind"],
        name=subject["metadata"]["name"],
        namespace="shop" if is_namespaced or resource == "namespaces" else "",
        object=new,
        old_object=old,
        user=user,
        namespace_object=namespace() if is_namespaced else None,
    )


@pytest.mark.parametrize(
    ("name", "dev", "beyond"),
    [
        ("probes/bad-none", "warn", "deny"),
        ("owner-labels/bad-malformed", "warn", "deny"),
        ("disruption-budget/bad-none", "warn", "deny"),
        ("image-pull-policy/bad-never", "warn", "deny"),
        ("autoscaler-maximum/bad-large", "deny", "deny"),
        ("pod-seccomp-set/bad-unsaid", "deny", "deny"),
        ("run-as-user/bad-pod", "deny", "deny"),
        ("read-only-root/bad-unsaid", "warn", "warn"),
    ],
)
def test_what_is_a_matter_of_maturity_only_warns_in_dev(name: str, dev: str, beyond: str) -> None:
    assert _outcomes(name, "dev") - {"pass"} == {dev}
    for environment in ("staging", "production"):
        assert _outcomes(name, environment) - {"pass"} == {beyond}


@pytest.mark.parametrize("name", ["image-digest/bad-tag", "replicas/bad-one"])
def test_what_a_small_plan_need_not_have_is_noted_beyond_dev(name: str) -> None:
    assert _outcomes(name, "dev") == set()
    assert _outcomes(name, "production") == {"audit"}


def test_one_copy_at_least_is_enough_for_an_autoscaler_in_dev() -> None:
    assert _outcomes("autoscaler-minimum/bad-one", "dev") == set()
    assert _outcomes("autoscaler-minimum/bad-one", "staging") == {"deny"}


def test_a_cluster_role_with_wildcards_warns_where_a_role_is_refused() -> None:
    assert _outcomes("rbac-wildcards/bad-verbs", "dev") == {"deny"}
    assert _outcomes("rbac-wildcards/bad-cluster-role", "dev") == {"warn"}


def _move(before: dict[str, str], after: dict[str, str]) -> bool:
    old, new = ({"kind": "Namespace", "metadata": {"name": "shop", "labels": ls}} for ls in (before, after))
    return BUNDLE.admit(_request("UPDATE", new, old, resource="namespaces")).allowed


def test_a_namespace_cannot_change_or_leave_its_environment() -> None:
    level = {"pod-security.kubernetes.io/enforce": "restricted"}
    production = {**OWNER, **level, "slipway.dev/environment": "production"}
    assert _move(production, {**production, "note": "x"})
    assert not _move(production, {**production, "slipway.dev/environment": "dev"})
    assert not _move(production, {**OWNER, **level})


def test_namespaces_of_no_environment_are_left_alone() -> None:
    assert _move({}, {"note": "x"})


def _delete(user: UserInfo) -> bool:
    request = _request(
        "DELETE", None, DEFAULT_DENY, user=user, resource="networkpolicies", group="networking.k8s.io"
    )
    return BUNDLE.admit(request).allowed


@pytest.mark.parametrize(
    "user",
    [
        UserInfo("system:serviceaccount:shop:slipway-deployer", ("system:serviceaccounts",)),
        UserInfo("alice", ("slipway:team:shop",)),
    ],
    ids=["deployer", "team"],
)
def test_the_default_deny_cannot_be_deleted_from_inside(user: UserInfo) -> None:
    assert not _delete(user)


@pytest.mark.parametrize(
    "user",
    [
        UserInfo("system:serviceaccount:kube-system:namespace-controller", ("system:serviceaccounts",)),
        UserInfo("system:serviceaccount:slipway-system:portal", ("system:serviceaccounts",)),
    ],
    ids=["namespace-controller", "portal"],
)
def test_a_namespace_that_is_retired_takes_its_default_deny_along(user: UserInfo) -> None:
    assert _delete(user)


def test_the_default_deny_cannot_be_opened_by_an_update() -> None:
    opened = {
        **DEFAULT_DENY,
        "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"], "egress": [{}]},
    }
    request = _request("UPDATE", opened, DEFAULT_DENY, resource="networkpolicies", group="networking.k8s.io")
    assert not BUNDLE.admit(request).allowed


@pytest.mark.parametrize(
    ("user", "allowed"),
    [
        (UserInfo("system:apiserver", ("system:masters",)), True),
        (UserInfo("system:serviceaccount:kube-system:c", ("system:serviceaccounts:kube-system",)), True),
        (UserInfo("kubernetes-admin", ("system:masters",)), False),
        (UserInfo("system:serviceaccount:shop:slipway-deployer", ("system:serviceaccounts:shop",)), False),
        (UserInfo(""), False),
    ],
    ids=["api-server", "controller", "administrator", "deployer", "nobody"],
)
def test_only_the_control_plane_writes_roles_that_escalate(user: UserInfo, allowed: bool) -> None:
    request = _request(
        "UPDATE", ADMIN, ADMIN, user=user, resource="clusterroles", group="rbac.authorization.k8s.io"
    )
    assert BUNDLE.admit(request).allowed is allowed


def test_a_container_that_grows_in_place_is_judged() -> None:
    pod = _example("container-ceiling/bad-cpu")["spec"]["template"]
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": pod["spec"]}
    request = AdmissionRequest(
        operation="UPDATE",
        group="",
        version="v1",
        resource="pods",
        kind="Pod",
        name="web",
        namespace="shop",
        object=pod,
        old_object=pod,
        user=ALICE,
        namespace_object=namespace("production"),
        sub_resource="resize",
    )
    assert "container-ceiling" in BUNDLE.admit(request).message


def test_a_missing_number_of_the_organisation_refuses() -> None:
    documents = [
        document
        for file in POLICIES.glob("resources.yaml")
        for document in yaml.safe_load_all(file.read_text())
        if document["kind"] != "ConfigMap"
    ]
    judgement = judge(load_bundle(documents), _example("resource-ratio/good-near"), environment="production")
    wrong = {v.policy for v in judgement.verdicts if v.outcome == "error"}
    assert wrong == {"resource-ratio", "container-ceiling"}
