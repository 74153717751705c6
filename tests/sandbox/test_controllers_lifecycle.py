"""Garbage collection, namespaces and service accounts."""

import base64

import pytest

from portal.sandbox.statuses import ApiError
from tests.sandbox.living import LivingCluster
from tests.sandbox.test_controllers_deployment import WEB, is_done


@pytest.fixture
def web(cluster: LivingCluster) -> dict:
    deployment = cluster.create(WEB)
    cluster.until(lambda: is_done(cluster, deployment))
    cluster.settle()
    return cluster.fresh(deployment)


def test_deleting_in_the_background_takes_everything_owned(cluster: LivingCluster, web: dict) -> None:
    cluster.delete(web)
    assert cluster.fresh(web) is None
    cluster.until(lambda: not cluster.all("apps/v1", "ReplicaSet") and not cluster.all("v1", "Pod"))


def test_deleting_in_the_foreground_waits_for_the_dependents(cluster: LivingCluster, web: dict) -> None:
    cluster.delete(web, "Foreground")
    assert cluster.fresh(web)["metadata"]["finalizers"] == ["foregroundDeletion"]
    cluster.until(lambda: cluster.fresh(web) is None)
    assert cluster.all("apps/v1", "ReplicaSet") == []
    assert cluster.all("v1", "Pod") == []


def test_orphaned_replica_set_stays_and_is_adopted_by_a_namesake(cluster: LivingCluster, web: dict) -> None:
    (replica_set,) = cluster.all("apps/v1", "ReplicaSet")
    cluster.delete(web, "Orphan")
    cluster.until(lambda: cluster.fresh(web) is None)
    cluster.settle()
    assert "ownerReferences" not in cluster.fresh(replica_set)["metadata"]
    again = cluster.create(WEB)
    cluster.until(lambda: is_done(cluster, again))
    (adopted,) = cluster.all("apps/v1", "ReplicaSet")
    assert adopted["metadata"]["uid"] == replica_set["metadata"]["uid"]
    assert adopted["metadata"]["ownerReferences"][0]["uid"] == again["metadata"]["uid"]


def test_object_whose_owner_never_existed_is_collected(cluster: LivingCluster) -> None:
    made = cluster.create(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: stray\n  ownerReferences:\n"
        "  - {apiVersion: v1, kind: ConfigMap, name: ghost, uid: 00000000-0000-0000-0000-000000000000}"
    )
    cluster.until(lambda: cluster.fresh(made) is None)


def test_new_namespace_is_furnished(cluster: LivingCluster) -> None:
    cluster.until(lambda: cluster.get("v1", "ServiceAccount", "default"))
    cluster.until(lambda: cluster.get("v1", "ConfigMap", "kube-root-ca.crt"))


def test_namespace_empties_itself_and_goes(cluster: LivingCluster, web: dict) -> None:
    namespace = cluster.get("v1", "Namespace", "team")
    cluster.delete(namespace)
    assert cluster.fresh(namespace)["status"]["phase"] == "Terminating"
    with pytest.raises(ApiError, match="because it is being terminated"):
        cluster.create("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: late}")
    cluster.until(lambda: cluster.fresh(namespace) is None)
    assert list(cluster.store.namespace_contents("team")) == []


def test_namespace_waits_for_a_finalizer_and_says_so(cluster: LivingCluster) -> None:
    held = cluster.create(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: held, finalizers: [example.com/hold]}"
    )
    namespace = cluster.get("v1", "Namespace", "team")
    cluster.delete(namespace)
    cluster.settle()
    conditions = {each["type"]: each["message"] for each in cluster.fresh(namespace)["status"]["conditions"]}
    assert conditions["NamespaceFinalizersRemaining"] == (
        "Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances"
    )
    cluster.change(cluster.fresh(held), lambda obj: obj["metadata"].pop("finalizers"))
    cluster.until(lambda: cluster.fresh(namespace) is None)


@pytest.mark.parametrize("name", ["default", "kube-system"])
def test_the_clusters_own_namespaces_cannot_be_deleted(cluster: LivingCluster, name: str) -> None:
    with pytest.raises(ApiError, match="this namespace may not be deleted"):
        cluster.delete(cluster.get("v1", "Namespace", name))


def test_token_secret_is_filled_and_speaks_for_its_account(cluster: LivingCluster) -> None:
    cluster.create("apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: deployer}")
    secret = cluster.create(
        "apiVersion: v1\nkind: Secret\ntype: kubernetes.io/service-account-token\n"
        "metadata: {name: deployer-token, annotations: {kubernetes.io/service-account.name: deployer}}"
    )
    cluster.until(lambda: (cluster.fresh(secret).get("data") or {}).get("token"))
    token = base64.b64decode(cluster.fresh(secret)["data"]["token"]).decode()
    user = cluster.cluster.service_accounts.authenticate(token)
    assert user.name == "system:serviceaccount:team:deployer"
    assert "system:serviceaccounts:team" in user.groups
    cluster.delete(cluster.get("v1", "ServiceAccount", "deployer"))
    assert cluster.cluster.service_accounts.authenticate(token) is None
    cluster.until(lambda: cluster.fresh(secret) is None)


def test_stray_pod_is_adopted_by_the_set_that_selects_it(cluster: LivingCluster, web: dict) -> None:
    labels = cluster.all("v1", "Pod")[0]["metadata"]["labels"]
    stray = cluster.create(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: stray}\nspec: {containers: [{name: app, image: x}]}"
    )
    cluster.settle()
    cluster.change(cluster.fresh(stray), lambda obj: obj["metadata"].update(labels=labels))
    cluster.change(cluster.fresh(web), lambda obj: obj["spec"].update(replicas=4))
    cluster.settle()
    assert len(cluster.all("v1", "Pod")) == 4
    assert cluster.fresh(stray)["metadata"]["ownerReferences"][0]["kind"] == "ReplicaSet"
