"""Deployments: rolled out, scaled, rolled back, paused, and stuck when they must be."""

import pytest

from tests.sandbox.living import LivingCluster

WEB = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: app, image: "registry.example.com/app:1"}]}
"""
REVISION = "deployment.kubernetes.io/revision"


def is_done(cluster: LivingCluster, deployment: dict) -> bool:
    """What `kubectl rollout status` waits for."""
    found = cluster.fresh(deployment)
    status, size = found["status"], found["spec"]["replicas"]
    return status.get("observedGeneration") == found["metadata"]["generation"] and all(
        status.get(field, 0) == size for field in ("replicas", "updatedReplicas", "availableReplicas")
    )


def set_image(image: str):
    def change(obj: dict) -> None:
        obj["spec"]["template"]["spec"]["containers"][0]["image"] = image

    return change


def condition(obj: dict, kind: str) -> dict:
    return next(each for each in obj["status"]["conditions"] if each["type"] == kind)


@pytest.fixture
def web(cluster: LivingCluster) -> dict:
    deployment = cluster.create(WEB)
    cluster.until(lambda: is_done(cluster, deployment))
    cluster.settle()
    return cluster.fresh(deployment)


def test_deployment_is_ready_in_well_under_a_second(cluster: LivingCluster) -> None:
    deployment = cluster.create(WEB)
    assert cluster.until(lambda: is_done(cluster, deployment)) < 1.0


def test_finished_deployment_says_so(cluster: LivingCluster, web: dict) -> None:
    assert web["metadata"]["annotations"][REVISION] == "1"
    assert condition(web, "Available")["reason"] == "MinimumReplicasAvailable"
    assert condition(web, "Progressing")["reason"] == "NewReplicaSetAvailable"
    (replica_set,) = cluster.all("apps/v1", "ReplicaSet")
    digest = replica_set["metadata"]["labels"]["pod-template-hash"]
    assert replica_set["metadata"]["name"] == f"web-{digest}"
    pods = cluster.all("v1", "Pod")
    assert len(pods) == 3
    assert all(pod["metadata"]["labels"] == {"app": "web", "pod-template-hash": digest} for pod in pods)
    assert all(pod["spec"]["nodeName"] == "node-1" and pod["status"]["podIP"] for pod in pods)


def test_availability_never_falls_below_the_minimum_during_a_rollout(
    cluster: LivingCluster, web: dict
) -> None:
    seen = []
    resource = cluster.resource("apps/v1", "ReplicaSet")
    cluster.store.subscribe(
        resource,
        lambda _: seen.append(
            sum(
                each.get("status", {}).get("availableReplicas", 0)
                for each in cluster.all("apps/v1", "ReplicaSet")
            )
        ),
    )
    cluster.change(web, set_image("registry.example.com/app:2"))
    cluster.settle()
    assert is_done(cluster, web)
    assert min(seen) >= 3


def test_going_back_uses_the_old_replica_set_as_the_newest_revision(
    cluster: LivingCluster, web: dict
) -> None:
    (first,) = cluster.all("apps/v1", "ReplicaSet")
    cluster.change(web, set_image("registry.example.com/app:2"))
    cluster.settle()
    cluster.change(cluster.fresh(web), set_image("registry.example.com/app:1"))
    cluster.settle()
    again = cluster.fresh(first)
    assert again["spec"]["replicas"] == 3
    assert again["metadata"]["annotations"][REVISION] == "3"
    assert again["metadata"]["annotations"]["deployment.kubernetes.io/revision-history"] == "1"
    assert cluster.fresh(web)["metadata"]["annotations"][REVISION] == "3"


def test_image_that_cannot_be_pulled_leaves_the_old_pods_running(cluster: LivingCluster, web: dict) -> None:
    cluster.change(web, set_image("registry.example.com/fail-web:2"))
    cluster.settle()
    status = cluster.fresh(web)["status"]
    assert (status["availableReplicas"], status["updatedReplicas"], status["unavailableReplicas"]) == (
        3,
        1,
        1,
    )
    stuck = [pod for pod in cluster.all("v1", "Pod") if pod["status"]["phase"] == "Pending"]
    assert stuck[0]["status"]["containerStatuses"][0]["state"]["waiting"]["reason"] == "ImagePullBackOff"


def test_stuck_rollout_exceeds_its_deadline(cluster: LivingCluster, web: dict) -> None:
    def stick(obj: dict) -> None:
        set_image("registry.example.com/fail-web:2")(obj)
        obj["spec"]["progressDeadlineSeconds"] = 1

    cluster.change(web, stick)
    cluster.until(
        lambda: condition(cluster.fresh(web), "Progressing")["reason"] == "ProgressDeadlineExceeded"
    )
    assert condition(cluster.fresh(web), "Progressing")["status"] == "False"


def test_scaling_up_and_down_makes_no_new_revision(cluster: LivingCluster, web: dict) -> None:
    for size in (5, 1, 0):
        cluster.change(cluster.fresh(web), lambda obj, size=size: obj["spec"].update(replicas=size))
        cluster.settle()
        assert len(cluster.all("v1", "Pod")) == size
    assert len(cluster.all("apps/v1", "ReplicaSet")) == 1


def test_paused_deployment_waits_until_it_is_resumed(cluster: LivingCluster, web: dict) -> None:
    def pause(obj: dict) -> None:
        obj["spec"]["paused"] = True
        set_image("registry.example.com/app:2")(obj)

    cluster.change(web, pause)
    cluster.settle()
    assert len(cluster.all("apps/v1", "ReplicaSet")) == 1
    assert condition(cluster.fresh(web), "Progressing")["reason"] == "DeploymentPaused"
    cluster.change(cluster.fresh(web), lambda obj: obj["spec"].update(paused=False))
    cluster.settle()
    assert is_done(cluster, web)


def test_recreate_never_runs_old_and_new_pods_together(cluster: LivingCluster) -> None:
    deployment = cluster.create(WEB + "  strategy: {type: Recreate}\n")
    cluster.until(lambda: is_done(cluster, deployment))
    cluster.settle()
    images = []
    cluster.store.subscribe(
        cluster.resource("v1", "Pod"),
        lambda _: images.append({pod["spec"]["containers"][0]["image"] for pod in cluster.all("v1", "Pod")}),
    )
    cluster.change(cluster.fresh(deployment), set_image("registry.example.com/app:2"))
    cluster.settle()
    assert is_done(cluster, deployment)
    assert all(len(each) <= 1 for each in images)


def test_pods_must_stay_ready_for_the_minimum_time(cluster: LivingCluster) -> None:
    deployment = cluster.create(WEB + "  minReadySeconds: 3\n")
    cluster.until(lambda: cluster.fresh(deployment)["status"].get("readyReplicas") == 3)
    assert "availableReplicas" not in cluster.fresh(deployment)["status"]
    cluster.until(lambda: is_done(cluster, deployment))


def test_history_is_bounded(cluster: LivingCluster) -> None:
    deployment = cluster.create(WEB + "  revisionHistoryLimit: 1\n")
    cluster.until(lambda: is_done(cluster, deployment))
    for number in range(2, 6):
        cluster.change(cluster.fresh(deployment), set_image(f"registry.example.com/app:{number}"))
        cluster.settle()
    assert len(cluster.all("apps/v1", "ReplicaSet")) == 2


def test_slow_image_is_ready_after_its_seconds(cluster: LivingCluster) -> None:
    deployment = cluster.create(WEB.replace("app:1", "slow-1:1"))
    seconds = cluster.until(lambda: is_done(cluster, deployment))
    assert 0.9 <= seconds < 10


def test_pod_waits_for_the_secret_that_it_reads(cluster: LivingCluster) -> None:
    text = WEB.replace('app:1"}', 'app:1", envFrom: [{secretRef: {name: password}}]}')
    deployment = cluster.create(text)
    cluster.settle()
    assert not is_done(cluster, deployment)
    waiting = cluster.all("v1", "Pod")[0]["status"]["containerStatuses"][0]["state"]["waiting"]
    assert waiting == {"reason": "CreateContainerConfigError", "message": 'secret "password" not found'}
    cluster.create("apiVersion: v1\nkind: Secret\nmetadata: {name: password}\nstringData: {a: b}")
    cluster.until(lambda: is_done(cluster, deployment))


def test_nothing_is_written_when_nothing_changes(cluster: LivingCluster, web: dict) -> None:
    before = cluster.store.revision
    cluster.settle()
    assert cluster.store.revision == before
