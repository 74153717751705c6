"""The guard around the gate, in the engine: who may write what, in which environment."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from portal.policy import UserInfo, load_bundle
from portal.policy.evaluation import Context
from portal.policy.guard import ACTIONS, LABELS, POLICIES, guard_documents
from portal.policy.guard_actors import CONTROL_PLANE
from portal.policy.schema.check import check
from tests.policy.guarded import (
    AUDIT,
    BUNDLE,
    DENY,
    DEPLOYER,
    FURNITURE,
    HELM,
    KUBE_SYSTEM,
    MANAGED,
    NODE,
    OLGA,
    OPERATIONS,
    OWN,
    PLACE,
    PLAIN,
    PORTAL,
    RECORD,
    STRANGERS,
    THE_PORTAL,
    admit,
    ask,
    changed,
    thing,
    write,
)
from tests.policy.scenes import namespace


def test_the_documents_are_what_an_api_server_takes() -> None:
    documents = guard_documents(["production", "staging"], [PORTAL, "it's \\odd"], "deny", ["system:op"])
    for document in documents:
        assert check(document) == []
        assert document["metadata"]["name"].startswith("slipway-gate-")
        assert document["metadata"]["labels"] == LABELS
    assert {document["metadata"]["name"] for document in documents} == {
        *POLICIES,
        *(f"{name}-deny" for name in POLICIES),
    }
    assert all(not policy.fails_open for policy in load_bundle(documents).policies)


def test_two_modes_share_the_policies_and_have_bindings_of_their_own() -> None:
    audit = {d["metadata"]["name"]: d for d in guard_documents(["staging"], [PORTAL], "audit")}
    deny = {d["metadata"]["name"]: d for d in guard_documents(["production"], [PORTAL], "deny")}
    assert {name: audit[name] for name in POLICIES} == {name: deny[name] for name in POLICIES}
    assert not {*audit} & {*deny} - {*POLICIES}
    bundle = load_bundle([*audit.values(), *(deny[name] for name in deny if name not in POLICIES)])
    assert not bundle.admit(write(OLGA, "UPDATE", MANAGED)).allowed
    assert bundle.admit(write(OLGA, "UPDATE", MANAGED, environment="staging")).allowed
    assert guard_documents([], [PORTAL], "deny") == []


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("document", [MANAGED, FURNITURE, RECORD], ids=["helm", "bundle", "record"])
@pytest.mark.parametrize("user", STRANGERS, ids=lambda user: user.username)
def test_strangers_are_refused_and_it_passes_without_the_guard(
    user: UserInfo, document: dict[str, Any], operation: str
) -> None:
    answer = admit(write(user, operation, document))
    assert (answer.allowed, answer.code, answer.reason) == (False, 403, "Forbidden")
    assert f"{user.username} may not {operation.lower()} " in answer.message
    assert "Ask for the change in the portal" in answer.message
    assert admit(write(user, operation, document), load_bundle([])).allowed
    assert admit(write(user, operation, document, environment="dev")).allowed


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("user", STRANGERS, ids=lambda user: user.username)
def test_audit_lets_it_pass_warns_and_leaves_a_note(user: UserInfo, operation: str) -> None:
    answer = admit(write(user, operation, MANAGED), AUDIT)
    assert answer.allowed
    assert len(answer.warnings) == 1
    assert "may not" in answer.warnings[0]
    assert len(answer.audit_annotations) == 1


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("document", [MANAGED, RECORD], ids=["helm", "record"])
@pytest.mark.parametrize("user", [DEPLOYER, THE_PORTAL], ids=lambda user: user.username)
def test_the_portals_own_identities_write(user: UserInfo, document: dict[str, Any], operation: str) -> None:
    assert admit(write(user, operation, document)).allowed


@pytest.mark.parametrize("operation", OPERATIONS)
def test_what_came_with_the_namespace_is_the_portals_alone(operation: str) -> None:
    assert admit(write(THE_PORTAL, operation, FURNITURE)).allowed
    assert not admit(write(DEPLOYER, operation, FURNITURE)).allowed


def test_the_deployer_takes_nothing_over_from_the_namespaces_release_nor_gives_away() -> None:
    mine, theirs = thing(labels=HELM, annotations=OWN), thing(labels=HELM, annotations=BUNDLE)
    assert not admit(ask(DEPLOYER, "UPDATE", mine, theirs)).allowed
    assert not admit(ask(DEPLOYER, "UPDATE", theirs, mine)).allowed


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("user", [*CONTROL_PLANE, NODE.username])
def test_the_control_plane_keeps_working(user: str, operation: str) -> None:
    groups = NODE.groups if user == NODE.username else ("system:serviceaccounts",)
    who = UserInfo(user, groups)
    assert admit(write(who, operation, MANAGED)).allowed
    assert admit(write(who, operation, namespace("production", PLACE))).allowed


@pytest.mark.parametrize(
    "name", ["horizontal-pod-autoscaler", "deployment-controller", "generic-garbage-collector"]
)
def test_a_namesake_of_a_controller_in_another_namespace_is_a_stranger(name: str) -> None:
    namesake = UserInfo(f"system:serviceaccount:{PLACE}:{name}", ("system:serviceaccounts",))
    assert not admit(write(namesake, "UPDATE", MANAGED)).allowed
    assert admit(write(replace(namesake, username=KUBE_SYSTEM + name), "UPDATE", MANAGED)).allowed


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("user", STRANGERS, ids=lambda user: user.username)
def test_what_helm_did_not_write_is_everybodys(user: UserInfo, operation: str) -> None:
    assert admit(write(user, operation, PLAIN)).allowed


@pytest.mark.parametrize(
    "metadata",
    [
        {"labels": {}},
        {"annotations": {}},
        {"labels": {"app.kubernetes.io/managed-by": "me"}},
        {"labels": {}, "annotations": {}},
    ],
)
def test_taking_helms_marks_away_does_not_get_around_it(metadata: dict[str, Any]) -> None:
    assert not admit(ask(OLGA, "UPDATE", changed(MANAGED, **metadata), MANAGED)).allowed


def test_putting_helms_marks_on_is_refused_too() -> None:
    adopted = changed(PLAIN, labels=HELM, annotations=OWN)
    assert not admit(ask(OLGA, "UPDATE", adopted, PLAIN)).allowed
    assert admit(ask(OLGA, "UPDATE", changed(PLAIN, labels=HELM), PLAIN)).allowed


def test_the_record_of_a_release_is_known_by_type_and_by_label() -> None:
    bare = {**RECORD, "metadata": {"name": "x"}}
    as_config_map = {**RECORD, "type": "Opaque"}
    for record in (bare, as_config_map):
        assert not admit(write(OLGA, "DELETE", record)).allowed
    assert admit(write(OLGA, "DELETE", {**bare, "type": "Opaque"})).allowed


@pytest.mark.parametrize("name", ["web", ""])
def test_deleting_a_whole_collection_is_deleting_each(name: str) -> None:
    answer = admit(ask(OLGA, "DELETE", None, MANAGED, name=name))
    assert not answer.allowed
    assert "may not delete deployments web in storefront-production" in answer.message


SCALE = {"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": "web", "namespace": PLACE}}


@pytest.mark.parametrize("user", STRANGERS, ids=lambda user: user.username)
def test_scaling_is_refused_although_a_scale_shows_nothing_of_its_object(user: UserInfo) -> None:
    answer = admit(ask(user, "UPDATE", {**SCALE, "spec": {"replicas": 9}}, SCALE, part="scale"))
    assert not answer.allowed
    assert "sizes are set only through the portal" in answer.message


@pytest.mark.parametrize(
    "user", [f"{KUBE_SYSTEM}horizontal-pod-autoscaler", "system:kube-controller-manager", DEPLOYER.username]
)
def test_the_autoscaler_scales(user: str) -> None:
    new = {**SCALE, "spec": {"replicas": 9}}
    assert admit(ask(UserInfo(user), "UPDATE", new, SCALE, part="scale")).allowed


def test_an_operator_writes_the_status_of_a_managed_object_and_nothing_else_with_it() -> None:
    operator = UserInfo("system:serviceaccount:cert-manager:cert-manager", ("system:serviceaccounts",))
    old = thing("Certificate", "cert-manager.io/v1", labels=HELM, annotations=OWN)
    new = {**old, "status": {"ready": True}}
    assert admit(ask(operator, "UPDATE", new, old, part="status")).allowed
    assert not admit(ask(operator, "UPDATE", new, old)).allowed
    for field, value in (("labels", {}), ("annotations", {}), ("finalizers", ["a/b"])):
        sly = {**new, "metadata": {**new["metadata"], field: value}}
        assert not admit(ask(operator, "UPDATE", sly, old, part="status")).allowed
    owned = {**new, "metadata": {**new["metadata"], "ownerReferences": [{"uid": "u"}]}}
    assert not admit(ask(operator, "UPDATE", owned, old, part="status")).allowed


def test_a_controller_of_the_clusters_own_can_be_named() -> None:
    operator = "system:serviceaccount:cert-manager:cert-manager"
    named = load_bundle(guard_documents(["production"], [PORTAL], "deny", [operator]))
    request = write(UserInfo(operator), "UPDATE", MANAGED)
    assert named.admit(request).allowed
    assert not admit(request).allowed


@pytest.mark.parametrize("part", ["exec", "attach", "portforward"])
def test_looking_inside_is_no_write(part: str) -> None:
    pod = thing("Pod", "v1", labels=HELM, annotations=OWN)
    assert admit(
        replace(ask(OLGA, "CONNECT", pod, None, part=part), object={"kind": "PodExecOptions"})
    ).allowed


def test_evicting_a_pod_works() -> None:
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "web-1"}}
    request = replace(ask(OLGA, "CREATE", thing("Pod", "v1", "web-1"), part="eviction"), object=eviction)
    assert admit(request).allowed


@pytest.mark.parametrize(
    "odd",
    [
        {"kind": "Deployment"},
        {"kind": "Deployment", "metadata": {"name": "x"}},
        {"kind": "Deployment", "metadata": {"name": "x", "labels": HELM}},
        {"kind": "Deployment", "metadata": {"name": "x", "annotations": OWN}},
    ],
)
def test_odd_objects_are_judged_and_not_stumbled_over(odd: dict[str, Any]) -> None:
    request = replace(ask(OLGA, "CREATE", PLAIN), object=odd)
    assert admit(request).allowed


def test_a_great_object_costs_a_small_part_of_what_is_allowed() -> None:
    many = {f"key-{number}": "v" * 60 for number in range(2_000)}
    great = thing(labels={**HELM, **many}, annotations={**OWN, **many})
    request = ask(OLGA, "UPDATE", {**great, "status": {}}, great, part="status")
    assert admit(request).allowed
    (policy,) = (each for each in DENY.policies if each.name == "slipway-gate-objects")
    bound = Context(request, ()).activation(None)
    bound.begin()
    policy.validations[0].program.evaluate(bound)
    assert 0 < bound.spent < 1_000_000


def test_audit_warns_on_one_line_and_deny_denies() -> None:
    assert ACTIONS == {"audit": ("Warn", "Audit"), "deny": ("Deny",)}
