"""ResourceQuota and LimitRange, in the API server's words."""

import pytest

from portal.sandbox.statuses import ApiError
from tests.sandbox.living import LivingCluster

POD = """
apiVersion: v1
kind: Pod
metadata: {{name: p}}
spec: {{containers: [{{name: a, image: x{resources}}}]}}
"""


def quota(cluster: LivingCluster, hard: str, more: str = "") -> dict:
    made = cluster.create(
        f"apiVersion: v1\nkind: ResourceQuota\nmetadata: {{name: q}}\nspec: {{hard: {{{hard}}}{more}}}"
    )
    cluster.until(lambda: cluster.fresh(made)["status"].get("hard"))
    return made


def pod(resources: str = "") -> str:
    return POD.format(resources=f", resources: {resources}" if resources else "")


def config_map(name: str) -> str:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}"


def test_object_beyond_the_count_is_refused(cluster: LivingCluster) -> None:
    cluster.settle()
    quota(cluster, 'configmaps: "2"')
    cluster.create(config_map("one"))
    with pytest.raises(ApiError) as refusal:
        cluster.create(config_map("two"))
    assert refusal.value.message == (
        'configmaps "two" is forbidden: exceeded quota: q, requested: configmaps=1, used: configmaps=2, '
        "limited: configmaps=2"
    )
    assert (refusal.value.code, refusal.value.reason) == (403, "Forbidden")


def test_pod_beyond_the_requests_is_refused_with_all_that_exceeds(cluster: LivingCluster) -> None:
    quota(cluster, 'requests.cpu: "1", limits.memory: 1Gi')
    with pytest.raises(ApiError) as refusal:
        cluster.create(pod('{requests: {cpu: 1500m}, limits: {memory: 2048Mi, cpu: "2"}}'))
    assert refusal.value.message == (
        'pods "p" is forbidden: exceeded quota: q, requested: limits.memory=2Gi,requests.cpu=1500m, '
        "used: limits.memory=0,requests.cpu=0, limited: limits.memory=1Gi,requests.cpu=1"
    )


def test_pod_must_state_what_a_quota_limits(cluster: LivingCluster) -> None:
    quota(cluster, 'requests.cpu: "1", memory: 1Gi')
    with pytest.raises(ApiError, match=r"failed quota: q: must specify memory for: a; requests\.cpu for: a$"):
        cluster.create(pod())


def test_usage_follows_what_is_stored(cluster: LivingCluster) -> None:
    made = quota(cluster, 'pods: "3", requests.cpu: "1", count/configmaps: "9"')
    cluster.settle()
    assert cluster.fresh(made)["status"]["used"] == {
        "count/configmaps": "1",
        "pods": "0",
        "requests.cpu": "0",
    }
    one = cluster.create(pod("{requests: {cpu: 250m}}"))
    cluster.until(lambda: cluster.fresh(made)["status"]["used"]["requests.cpu"] == "250m")
    cluster.delete(one)
    cluster.until(lambda: cluster.fresh(made)["status"]["used"]["pods"] == "0")


def test_dry_run_is_weighed_but_not_counted(cluster: LivingCluster) -> None:
    cluster.settle()
    quota(cluster, 'configmaps: "2"')
    cluster.create(config_map("one"), dry_run=True)
    cluster.create(config_map("one"))
    with pytest.raises(ApiError, match="exceeded quota"):
        cluster.create(config_map("two"), dry_run=True)


def test_finished_pods_no_longer_count(cluster: LivingCluster) -> None:
    quota(cluster, 'pods: "1"')
    done = cluster.create(pod().replace("spec: {", "spec: {restartPolicy: Never, "))
    cluster.until(lambda: cluster.fresh(done)["status"]["phase"] == "Succeeded")
    cluster.create(pod().replace("name: p}", "name: second}"))


def test_scoped_quota_counts_only_its_pods(cluster: LivingCluster) -> None:
    quota(cluster, 'pods: "0"', more=", scopes: [BestEffort]")
    cluster.create(pod("{requests: {cpu: 100m}}"))
    with pytest.raises(ApiError, match="exceeded quota"):
        cluster.create(pod().replace("name: p}", "name: second}"))


def test_storage_and_service_kinds_are_counted(cluster: LivingCluster) -> None:
    quota(cluster, 'requests.storage: 1Gi, services.loadbalancers: "0"')
    claim = (
        "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: c}\n"
        "spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 2Gi}}}"
    )
    with pytest.raises(ApiError, match=r"requested: requests\.storage=2Gi"):
        cluster.create(claim)
    with pytest.raises(ApiError, match=r"requested: services\.loadbalancers=1"):
        cluster.create(
            "apiVersion: v1\nkind: Service\nmetadata: {name: s}\n"
            "spec: {type: LoadBalancer, ports: [{port: 80}]}"
        )


def test_workload_says_that_its_quota_is_exceeded_and_recovers(cluster: LivingCluster) -> None:
    made = quota(cluster, 'pods: "0"')
    deployment = cluster.create(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n"
        "spec:\n  selector: {matchLabels: {a: b}}\n"
        "  template: {metadata: {labels: {a: b}}, spec: {containers: [{name: a, image: x}]}}"
    )

    def failure() -> str:
        conditions = cluster.fresh(deployment)["status"].get("conditions") or ()
        return next((each["message"] for each in conditions if each["type"] == "ReplicaFailure"), "")

    cluster.until(failure)
    assert "exceeded quota: q, requested: pods=1, used: pods=0, limited: pods=0" in failure()
    cluster.change(cluster.fresh(made), lambda obj: obj["spec"]["hard"].update(pods="5"))
    cluster.until(lambda: cluster.fresh(deployment)["status"].get("availableReplicas") == 1)
    cluster.until(lambda: not failure())


def limit_range(cluster: LivingCluster, limits: str) -> None:
    cluster.create(
        f"apiVersion: v1\nkind: LimitRange\nmetadata: {{name: l}}\nspec: {{limits: [{{{limits}}}]}}"
    )


def test_limit_range_fills_in_what_a_container_leaves_out(cluster: LivingCluster) -> None:
    limit_range(cluster, "type: Container, default: {cpu: 200m}, defaultRequest: {cpu: 100m}")
    made = cluster.create(pod())
    assert made["spec"]["containers"][0]["resources"] == {
        "limits": {"cpu": "200m"},
        "requests": {"cpu": "100m"},
    }
    assert made["metadata"]["annotations"]["kubernetes.io/limit-ranger"] == (
        "LimitRanger plugin set: cpu request for container a; cpu limit for container a"
    )


@pytest.mark.parametrize(
    ("limits", "resources", "message"),
    [
        (
            "type: Container, max: {cpu: 500m}",
            "{requests: {cpu: 100m}, limits: {cpu: 1}}",
            "maximum cpu usage per Container is 500m, but limit is 1",
        ),
        (
            "type: Container, min: {cpu: 200m}",
            "{requests: {cpu: 100m}}",
            "minimum cpu usage per Container is 200m, but request is 100m",
        ),
        (
            "type: Pod, max: {memory: 1Gi}",
            "{requests: {memory: 2Gi}, limits: {memory: 2Gi}}",
            "maximum memory usage per Pod is 1Gi, but limit is 2Gi",
        ),
    ],
)
def test_container_outside_of_the_bounds_is_refused(
    cluster: LivingCluster, limits: str, resources: str, message: str
) -> None:
    limit_range(cluster, limits)
    with pytest.raises(ApiError) as refusal:
        cluster.create(pod(resources))
    assert refusal.value.message == f'pods "p" is forbidden: {message}'
