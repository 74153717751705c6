"""Who may do what, decided from stored roles and bindings."""

import pytest

from portal.sandbox.rbac import refusals
from portal.sandbox.rbac.impersonation import impersonated
from portal.sandbox.statuses import ApiError
from portal.sandbox.users import ADMIN, UserInfo
from tests.sandbox.living import LivingCluster

DEV = UserInfo("dev", ("shop", "system:authenticated"))
ROLE = """
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {{name: {name}}}
rules: [{{apiGroups: [{group}], resources: [{resources}], verbs: [{verbs}]}}]
"""


def role(
    name: str = "reader", group: str = "''", resources: str = "configmaps", verbs: str = "get, list"
) -> str:
    return ROLE.format(name=name, group=group, resources=resources, verbs=verbs)


def binding(subject: str, kind: str = "Role", name: str = "reader") -> str:
    return (
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: bound}\n"
        f"roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: {kind}, name: {name}}}\n"
        f"subjects: [{{{subject}}}]"
    )


def may(cluster: LivingCluster, user: UserInfo, verb: str, plural: str, group: str = "", **more: str) -> bool:
    return cluster.cluster.authorizer.allowed(user, verb, group, plural, **{"namespace": "team", **more})[0]


def test_nobody_may_anything_without_a_binding(cluster: LivingCluster) -> None:
    assert not may(cluster, DEV, "get", "configmaps")
    assert may(cluster, ADMIN, "delete", "configmaps")


@pytest.mark.parametrize("subject", ["kind: User, name: dev", "kind: Group, name: shop"])
def test_binding_gives_its_role_in_its_namespace_only(cluster: LivingCluster, subject: str) -> None:
    cluster.create(role())
    cluster.create(binding(subject))
    assert may(cluster, DEV, "list", "configmaps")
    assert not may(cluster, DEV, "delete", "configmaps")
    assert not may(cluster, DEV, "list", "configmaps", namespace="default")
    assert not may(cluster, DEV, "list", "configmaps", namespace="")


def test_binding_that_goes_takes_the_right_with_it(cluster: LivingCluster) -> None:
    cluster.create(role())
    made = cluster.create(binding("kind: User, name: dev"))
    assert may(cluster, DEV, "get", "configmaps")
    cluster.delete(made)
    assert not may(cluster, DEV, "get", "configmaps")


def test_edit_role_is_aggregated_and_may_not_touch_roles(cluster: LivingCluster) -> None:
    cluster.settle()
    cluster.create(binding("kind: ServiceAccount, name: deployer", "ClusterRole", "edit"))
    deployer = UserInfo("system:serviceaccount:team:deployer", ("system:serviceaccounts",))
    assert may(cluster, deployer, "create", "deployments", "apps")
    assert may(cluster, deployer, "get", "pods", subresource="log")
    assert not may(cluster, deployer, "create", "roles", "rbac.authorization.k8s.io")
    assert not may(cluster, deployer, "update", "resourcequotas")


def test_refusal_names_user_verb_and_place_and_what_is_broken(cluster: LivingCluster) -> None:
    cluster.create(binding("kind: User, name: dev", name="gone"))
    allowed, reason = cluster.cluster.authorizer.allowed(DEV, "list", "", "configmaps", namespace="team")
    assert not allowed
    assert refusals.forbidden(DEV, "list", "", "configmaps", namespace="team", reason=reason).message == (
        'configmaps is forbidden: User "dev" cannot list resource "configmaps" in API group "" in the '
        'namespace "team": RBAC: role.rbac.authorization.k8s.io "gone" not found'
    )


def test_nobody_grants_more_than_they_have(cluster: LivingCluster) -> None:
    cluster.create(role("roles-admin", "rbac.authorization.k8s.io", "roles, rolebindings", "create"))
    cluster.create(binding("kind: User, name: dev", name="roles-admin"))
    with pytest.raises(ApiError) as refusal:
        cluster.create(role("secrets", resources="secrets", verbs="get"), user=DEV)
    assert refusal.value.message == (
        'roles.rbac.authorization.k8s.io "secrets" is forbidden: user "dev" '
        '(groups=["shop" "system:authenticated"]) '
        "is attempting to grant RBAC permissions not currently held:\n"
        '{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}'
    )
    grab = binding("kind: User, name: dev", "ClusterRole", "cluster-admin").replace("bound", "grab")
    with pytest.raises(ApiError, match="not currently held"):
        cluster.create(grab, user=DEV)


def test_the_verb_bind_lets_one_hand_out_a_named_role(cluster: LivingCluster) -> None:
    cluster.settle()
    grant = (
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: reader}\n"
        "rules: [{apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], resourceNames: [view], "
        "verbs: [bind]}]"
    )
    cluster.create(grant)
    cluster.create(binding("kind: User, name: dev"))
    view = binding("kind: User, name: eve", "ClusterRole", "view").replace("bound", "view")
    cluster.create(view, user=DEV)
    with pytest.raises(ApiError, match="not currently held"):
        cluster.create(view.replace("name: view}", "name: edit}"), user=DEV)


def test_impersonation_needs_the_right_to_it(cluster: LivingCluster) -> None:
    headers = [("Impersonate-User", "system:serviceaccount:team:deployer")]
    authorizer = cluster.cluster.authorizer
    with pytest.raises(ApiError) as refusal:
        impersonated(DEV, headers, authorizer)
    assert refusal.value.message == (
        'serviceaccounts "deployer" is forbidden: User "dev" cannot impersonate resource "serviceaccounts" '
        'in API group "" in the namespace "team"'
    )
    cluster.create(role("reader", "''", "serviceaccounts", "impersonate"))
    cluster.create(binding("kind: User, name: dev"))
    acting = impersonated(DEV, headers, authorizer)
    assert acting.groups == ("system:serviceaccounts", "system:serviceaccounts:team", "system:authenticated")
    with pytest.raises(ApiError, match='cannot impersonate resource "groups"'):
        impersonated(DEV, [*headers, ("Impersonate-Group", "system:masters")], authorizer)


def test_group_without_a_user_cannot_be_impersonated(cluster: LivingCluster) -> None:
    with pytest.raises(ApiError, match="without impersonating a user"):
        impersonated(ADMIN, [("Impersonate-Group", "shop")], cluster.cluster.authorizer)


def test_reviews_answer_as_the_authorizer_decides(cluster: LivingCluster) -> None:
    cluster.create(role())
    cluster.create(binding("kind: User, name: dev"))
    reviews = cluster.cluster.reviews
    body = {"spec": {"resourceAttributes": {"verb": "get", "resource": "configmaps", "namespace": "team"}}}
    answer = reviews.answer("SelfSubjectAccessReview", body, DEV)
    assert answer["status"] == {
        "allowed": True,
        "reason": 'RBAC: allowed by RoleBinding "bound/team" of Role "reader" to User "dev"',
    }
    body["spec"]["user"] = "eve"
    assert reviews.answer("SubjectAccessReview", body, ADMIN)["status"] == {"allowed": False}
    rules = reviews.answer("SelfSubjectRulesReview", {"spec": {"namespace": "team"}}, DEV)["status"][
        "resourceRules"
    ]
    assert {"verbs": ["get", "list"], "apiGroups": [""], "resources": ["configmaps"]} in rules
    who = reviews.answer("SelfSubjectReview", {}, DEV)["status"]["userInfo"]
    assert who == {"username": "dev", "groups": ["shop", "system:authenticated"]}


def test_token_request_gives_a_token_that_expires(
    cluster: LivingCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.create("apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: deployer}")
    accounts = cluster.cluster.service_accounts
    answer = accounts.request("team", "deployer", {"spec": {"expirationSeconds": 600}})
    token = answer["status"]["token"]
    assert accounts.authenticate(token).name == "system:serviceaccount:team:deployer"
    assert accounts.authenticate(token[:-2] + "xx") is None
    assert accounts.authenticate("nonsense") is None
    with pytest.raises(ApiError, match="may not specify a duration less than 10 minutes"):
        accounts.request("team", "deployer", {"spec": {"expirationSeconds": 60}})
    monkeypatch.setattr("portal.sandbox.rbac.accounts.time.time", lambda: 4_000_000_000.0)
    assert accounts.authenticate(token) is None
