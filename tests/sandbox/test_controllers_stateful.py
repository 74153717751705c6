"""StatefulSets, DaemonSets, volumes, disruption budgets, autoscalers and endpoints."""

import pytest

from portal.sandbox.statuses import ApiError
from tests.sandbox.living import LivingCluster

DATABASE = """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  replicas: 2
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: app, image: "registry.example.com/db:1"}]}
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
"""
CLAIM = """
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {{name: files}}
spec: {{accessModes: [ReadWriteOnce], resources: {{requests: {{storage: 1Gi}}}}{more}}}
"""
AGENT = """
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec: {containers: [{name: app, image: "registry.example.com/agent:1"}]}
"""


def is_done(cluster: LivingCluster, stateful_set: dict) -> bool:
    found = cluster.fresh(stateful_set)
    status, size = found["status"], found["spec"]["replicas"]
    return (
        status.get("observedGeneration") == found["metadata"]["generation"]
        and status.get("readyReplicas", 0) == size == status.get("updatedReplicas", 0)
        and status["currentRevision"] == status["updateRevision"]
    )


def test_stateful_set_gets_numbered_pods_with_volumes_of_their_own(cluster: LivingCluster) -> None:
    made = cluster.create(DATABASE)
    assert cluster.until(lambda: is_done(cluster, made)) < 1.0
    pods = cluster.all("v1", "Pod")
    assert [pod["metadata"]["name"] for pod in pods] == ["db-0", "db-1"]
    assert pods[1]["metadata"]["labels"]["statefulset.kubernetes.io/pod-name"] == "db-1"
    claims = cluster.all("v1", "PersistentVolumeClaim")
    assert [claim["metadata"]["name"] for claim in claims] == ["data-db-0", "data-db-1"]
    assert all(claim["status"]["phase"] == "Bound" for claim in claims)


def test_second_pod_waits_for_the_first(cluster: LivingCluster) -> None:
    made = cluster.create(DATABASE.replace("db:1", "fail-db:1"))
    cluster.settle()
    assert [pod["metadata"]["name"] for pod in cluster.all("v1", "Pod")] == ["db-0"]
    assert not is_done(cluster, made)


def test_update_replaces_the_last_pod_first_and_keeps_the_volumes(cluster: LivingCluster) -> None:
    made = cluster.create(DATABASE)
    cluster.until(lambda: is_done(cluster, made))
    volumes = {claim["spec"]["volumeName"] for claim in cluster.all("v1", "PersistentVolumeClaim")}
    gone: list[str] = []
    cluster.store.subscribe(
        cluster.resource("v1", "Pod"),
        lambda event: gone.append(event.object["metadata"]["name"]) if event.type == "DELETED" else None,
    )

    def change(obj: dict) -> None:
        obj["spec"]["template"]["spec"]["containers"][0]["image"] = "registry.example.com/db:2"

    cluster.change(cluster.fresh(made), change)
    cluster.until(lambda: is_done(cluster, made))
    assert gone == ["db-1", "db-0"]
    assert {claim["spec"]["volumeName"] for claim in cluster.all("v1", "PersistentVolumeClaim")} == volumes


def test_scaling_down_removes_the_last_pod_and_keeps_its_claim(cluster: LivingCluster) -> None:
    made = cluster.create(DATABASE)
    cluster.until(lambda: is_done(cluster, made))
    cluster.change(cluster.fresh(made), lambda obj: obj["spec"].update(replicas=1))
    cluster.settle()
    assert [pod["metadata"]["name"] for pod in cluster.all("v1", "Pod")] == ["db-0"]
    assert len(cluster.all("v1", "PersistentVolumeClaim")) == 2


def test_daemon_set_runs_once_on_the_node_and_rolls(cluster: LivingCluster) -> None:
    made = cluster.create(AGENT)
    cluster.until(lambda: cluster.fresh(made)["status"]["numberReady"] == 1)

    def change(obj: dict) -> None:
        obj["spec"]["template"]["spec"]["containers"][0]["image"] = "registry.example.com/agent:2"

    cluster.change(cluster.fresh(made), change)
    cluster.settle()
    (pod,) = cluster.all("v1", "Pod")
    assert pod["spec"]["containers"][0]["image"].endswith(":2")
    assert cluster.fresh(made)["status"]["updatedNumberScheduled"] == 1


def test_claim_is_bound_to_a_volume_of_the_default_class(cluster: LivingCluster) -> None:
    claim = cluster.create(CLAIM.format(more=""))
    cluster.until(lambda: cluster.fresh(claim)["status"]["phase"] == "Bound")
    found = cluster.fresh(claim)
    assert found["spec"]["storageClassName"] == "standard"
    volume = cluster.get("v1", "PersistentVolume", found["spec"]["volumeName"])
    assert volume["status"]["phase"] == "Bound"


def test_claim_of_an_unknown_class_waits_for_it(cluster: LivingCluster) -> None:
    claim = cluster.create(CLAIM.format(more=", storageClassName: fast"))
    cluster.settle()
    assert cluster.fresh(claim)["status"]["phase"] == "Pending"
    cluster.create(
        "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: fast}\n"
        "provisioner: sandbox.slipway.dev/simulated"
    )
    cluster.until(lambda: cluster.fresh(claim)["status"]["phase"] == "Bound")


def test_claim_in_use_stays_until_its_pod_is_gone(cluster: LivingCluster) -> None:
    claim = cluster.create(CLAIM.format(more=""))
    pod = cluster.create(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: reader}\nspec:\n"
        "  containers: [{name: app, image: app}]\n"
        "  volumes: [{name: files, persistentVolumeClaim: {claimName: files}}]"
    )
    cluster.until(lambda: cluster.fresh(pod)["status"]["phase"] == "Running")
    volume = cluster.fresh(claim)["spec"]["volumeName"]
    cluster.delete(claim)
    cluster.settle()
    assert cluster.fresh(claim)["metadata"]["deletionTimestamp"]
    cluster.delete(pod)
    cluster.until(lambda: cluster.fresh(claim) is None)
    cluster.until(lambda: cluster.get("v1", "PersistentVolume", volume) is None)


def test_pod_that_asks_for_too_much_is_not_scheduled(cluster: LivingCluster) -> None:
    pod = cluster.create(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: huge}\nspec:\n"
        '  containers: [{name: app, image: app, resources: {requests: {cpu: "999"}}}]'
    )
    cluster.settle()
    (condition,) = cluster.fresh(pod)["status"]["conditions"]
    assert condition["message"] == "0/1 nodes are available: 1 Insufficient cpu."


def test_pod_that_does_not_fit_is_placed_when_another_has_gone(cluster: LivingCluster) -> None:
    text = (
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\nspec:\n"
        '  containers: [{{name: app, image: app, resources: {{requests: {{cpu: "40"}}}}}}]'
    )
    first, second = (cluster.create(text.format(name=name)) for name in ("first", "second"))
    cluster.settle()
    assert cluster.fresh(second)["status"]["phase"] == "Pending"
    cluster.delete(first)
    cluster.until(lambda: cluster.fresh(second)["status"]["phase"] == "Running")


def test_cordoned_node_takes_no_pods_until_it_is_uncordoned(cluster: LivingCluster) -> None:
    node = cluster.get("v1", "Node", "node-1")
    cluster.change(node, lambda obj: obj["spec"].update(unschedulable=True))
    pod = cluster.create(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: app, image: app}]}"
    )
    cluster.settle()
    assert cluster.fresh(pod)["status"]["phase"] == "Pending"
    cluster.change(cluster.fresh(node), lambda obj: obj["spec"].pop("unschedulable"))
    cluster.until(lambda: cluster.fresh(pod)["status"]["phase"] == "Running")


def test_service_publishes_ready_pods_and_budget_counts_them(cluster: LivingCluster) -> None:
    cluster.create(
        "apiVersion: v1\nkind: Service\nmetadata: {name: db}\n"
        "spec: {selector: {app: db}, ports: [{port: 5432, targetPort: 5432}]}"
    )
    budget = cluster.create(
        "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: db}\n"
        "spec: {minAvailable: 1, selector: {matchLabels: {app: db}}}"
    )
    made = cluster.create(DATABASE)
    cluster.until(lambda: is_done(cluster, made))
    cluster.settle()
    (slice_,) = cluster.all("discovery.k8s.io/v1", "EndpointSlice")
    assert [each["conditions"]["ready"] for each in slice_["endpoints"]] == [True, True]
    assert slice_["ports"][0]["port"] == 5432
    assert cluster.fresh(budget)["status"]["disruptionsAllowed"] == 1


def test_service_addresses_are_unique_and_kept(cluster: LivingCluster) -> None:
    service = (
        "apiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\nspec: {{ports: [{{port: 80}}]{more}}}"
    )
    first = cluster.create(service.format(name="one", more=""))
    address = first["spec"]["clusterIP"]
    assert cluster.change(first, lambda obj: obj["spec"].pop("clusterIP"))["spec"]["clusterIP"] == address
    with pytest.raises(ApiError, match="provided IP is already allocated"):
        cluster.create(service.format(name="two", more=f", clusterIP: {address}"))


def test_autoscaler_follows_simulated_usage(cluster: LivingCluster) -> None:
    deployment = cluster.create(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 2\n"
        "  selector: {matchLabels: {app: web}}\n  template:\n"
        "    metadata: {labels: {app: web}, annotations: {sandbox.slipway.dev/cpu: 150m}}\n"
        "    spec: {containers: [{name: app, image: app, resources: {requests: {cpu: 100m}}}]}"
    )
    scaler = cluster.create(
        "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: web}\nspec:\n"
        "  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}\n"
        "  minReplicas: 2\n  maxReplicas: 5\n  metrics:\n  - type: Resource\n"
        "    resource: {name: cpu, target: {type: Utilization, averageUtilization: 75}}"
    )
    cluster.until(lambda: cluster.fresh(deployment)["spec"]["replicas"] == 5)
    cluster.settle()
    status = cluster.fresh(scaler)["status"]
    assert status["desiredReplicas"] == 5
    assert status["currentMetrics"][0]["resource"]["current"]["averageUtilization"] == 150
    reasons = {each["type"]: each["reason"] for each in status["conditions"]}
    assert reasons["ScalingLimited"] == "TooManyReplicas"
