"""One table per kind: what an API server may show, and what it means."""

from __future__ import annotations

import pytest

from portal.clusters.readiness import may_be_gone, status_of
from portal.core.objects import ObjectKey


def obj(api_version, kind, *, spec=None, status=None, generation=1, **metadata):
    return {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {"name": "web", "namespace": "team-a", "generation": generation, **metadata},
        "spec": spec or {},
        "status": status or {},
    }


def condition(kind, status="True", **more):
    return {"type": kind, "status": status, **more}


def state(live, **more):
    return status_of(live, live, **more)


def deployment(wanted=2, *, paused=False, generation=1, conditions=(), **status):
    counts = {"replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, "availableReplicas": 2}
    spec = {"paused": paused} if wanted is None else {"replicas": wanted, "paused": paused}
    full = {"observedGeneration": 1, **counts, **status, "conditions": list(conditions)}
    return obj("apps/v1", "Deployment", spec=spec, status=full, generation=generation)


def stateful_set(wanted=3, *, strategy=None, generation=1, **status):
    same = {"currentRevision": "web-1", "updateRevision": "web-1", "observedGeneration": 1}
    counts = {"replicas": 3, "readyReplicas": 3, "updatedReplicas": 3, "currentReplicas": 3}
    spec = {"replicas": wanted, "updateStrategy": strategy or {"type": "RollingUpdate"}}
    return obj(
        "apps/v1", "StatefulSet", spec=spec, status={**same, **counts, **status}, generation=generation
    )


def daemon_set(*, strategy="RollingUpdate", **status):
    counts = {
        "observedGeneration": 1,
        "desiredNumberScheduled": 2,
        "currentNumberScheduled": 2,
        "updatedNumberScheduled": 2,
        "numberReady": 2,
        "numberAvailable": 2,
    }
    full = {key: value for key, value in {**counts, **status}.items() if value is not None}
    return obj("apps/v1", "DaemonSet", spec={"updateStrategy": {"type": strategy}}, status=full)


def pod(phase="Running", **status):
    return obj("v1", "Pod", status={"phase": phase, **status})


def waiting(reason, message=""):
    return [{"name": "web", "state": {"waiting": {"reason": reason, "message": message}}}]


def custom(*conditions, generation=1, **status):
    return obj(
        "example.com/v1", "Database", status={"conditions": list(conditions), **status}, generation=generation
    )


def topic(*conditions, **status):
    return obj("kafka.strimzi.io/v1", "KafkaTopic", status={"conditions": list(conditions), **status})


def bucket(kind, version="v1alpha1", **status):
    return obj(f"objectstorage.k8s.io/{version}", kind, status=status)


DEADLINE = condition(
    "Progressing", "False", reason="ProgressDeadlineExceeded", message="timed out progressing"
)
QUOTA = condition("ReplicaFailure", "True", message='pods "web-1" is forbidden: exceeded quota')
PARTITION = {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}
CLAIM = ("v1", "PersistentVolumeClaim")
CRD = ("apiextensions.k8s.io/v1", "CustomResourceDefinition")

CASES = {
    # Deployment
    "deployment with all replicas available": (deployment(), "ready", "2 replicas are ready"),
    "deployment of one": (
        deployment(1, replicas=1, updatedReplicas=1, readyReplicas=1, availableReplicas=1),
        "ready",
        "1 replica is ready",
    ),
    "deployment whose replicas default to one": (
        deployment(None, replicas=0, updatedReplicas=0, readyReplicas=0, availableReplicas=0),
        "working",
        "0 of 1",
    ),
    "deployment behind its generation": (deployment(generation=2), "working", "not looked at the change"),
    "deployment nobody has looked at": (
        obj("apps/v1", "Deployment", spec={"replicas": 0}),
        "working",
        "not looked at it",
    ),
    "deployment half updated": (deployment(updatedReplicas=1), "working", "1 of 2 replicas are of the new"),
    "deployment with old replicas": (
        deployment(replicas=3),
        "working",
        "1 replicas of the old version are ending",
    ),
    "deployment not available": (deployment(availableReplicas=1), "working", "1 of 2 replicas are available"),
    "deployment ready but not for long enough": (deployment(availableReplicas=0), "working", "0 of 2"),
    "deployment scaled to zero": (
        deployment(0, replicas=0, updatedReplicas=0, readyReplicas=0, availableReplicas=0),
        "ready",
        "scaled to zero",
    ),
    "deployment paused": (deployment(paused=True, updatedReplicas=0), "ready", "paused"),
    "deployment past its deadline": (
        deployment(updatedReplicas=1, conditions=[DEADLINE]),
        "failed",
        "timed out progressing",
    ),
    "deployment out of quota": (
        deployment(updatedReplicas=1, conditions=[QUOTA]),
        "working",
        "exceeded quota",
    ),
    "deployment being deleted": (
        {**deployment(), "metadata": {"name": "web", "deletionTimestamp": "2026-01-01T00:00:00Z"}},
        "working",
        "being deleted",
    ),
    # StatefulSet
    "stateful set complete": (stateful_set(), "ready", "3 replicas are ready"),
    "stateful set behind": (stateful_set(generation=2), "working", "not looked at the change"),
    "stateful set not ready": (stateful_set(readyReplicas=2), "working", "2 of 3 replicas are ready"),
    "stateful set scaling down": (stateful_set(2), "working", "1 replicas are ending"),
    "stateful set updating": (
        stateful_set(updatedReplicas=1, updateRevision="web-2"),
        "working",
        "1 of 3 replicas are of the new version",
    ),
    "stateful set whose revision is not settled": (
        stateful_set(updateRevision="web-2"),
        "working",
        "being settled",
    ),
    "stateful set with a partition reached": (
        stateful_set(strategy=PARTITION, updatedReplicas=1, updateRevision="web-2"),
        "ready",
        "1 of them new (partition 2)",
    ),
    "stateful set with a partition not reached": (
        stateful_set(strategy=PARTITION, updatedReplicas=0, updateRevision="web-2"),
        "working",
        "0 of 1 replicas are of the new version",
    ),
    "stateful set with a partition beyond its size": (
        stateful_set(
            strategy={"type": "RollingUpdate", "rollingUpdate": {"partition": 9}},
            updatedReplicas=0,
            updateRevision="web-2",
        ),
        "ready",
        "partition 9",
    ),
    "stateful set updated on delete": (
        stateful_set(strategy={"type": "OnDelete"}, updatedReplicas=0, updateRevision="web-2"),
        "ready",
        "OnDelete",
    ),
    "stateful set scaled to zero": (
        stateful_set(0, replicas=0, readyReplicas=0, updatedReplicas=0),
        "ready",
        "scaled to zero",
    ),
    # DaemonSet
    "daemon set everywhere": (daemon_set(), "ready", "2 nodes"),
    "daemon set not scheduled": (daemon_set(currentNumberScheduled=1), "working", "1 of 2 nodes"),
    "daemon set updating": (daemon_set(updatedNumberScheduled=1), "working", "1 of 2 nodes have the new"),
    "daemon set updated on delete": (daemon_set(strategy="OnDelete", updatedNumberScheduled=0), "ready", ""),
    "daemon set not available": (daemon_set(numberAvailable=1), "working", "ready on 1 of 2"),
    "daemon set that no node wants": (
        daemon_set(
            desiredNumberScheduled=0,
            currentNumberScheduled=0,
            updatedNumberScheduled=None,
            numberReady=0,
            numberAvailable=None,
        ),
        "ready",
        "no node",
    ),
    "daemon set nobody has looked at": (daemon_set(desiredNumberScheduled=None), "working", "not looked"),
    # ReplicaSet
    "replica set complete": (
        obj(
            "apps/v1",
            "ReplicaSet",
            spec={"replicas": 1},
            status={"observedGeneration": 1, "replicas": 1, "availableReplicas": 1},
        ),
        "ready",
        "",
    ),
    "replica set short": (obj("apps/v1", "ReplicaSet", spec={"replicas": 1}), "working", "0 of 1"),
    "replica set shrinking": (
        obj("apps/v1", "ReplicaSet", spec={"replicas": 1}, status={"replicas": 3, "availableReplicas": 3}),
        "working",
        "2 replicas are ending",
    ),
    # Job and CronJob
    "job complete": (
        obj("batch/v1", "Job", status={"conditions": [condition("Complete")]}),
        "ready",
        "complete",
    ),
    "job running": (
        obj("batch/v1", "Job", spec={"completions": 3}, status={"succeeded": 1, "failed": 1}),
        "working",
        "1 of 3 are done, 1 failed",
    ),
    "job failed": (
        obj(
            "batch/v1",
            "Job",
            status={
                "conditions": [condition("Failed", reason="BackoffLimitExceeded", message="backoff limit")]
            },
        ),
        "failed",
        "backoff limit",
    ),
    "job about to fail": (
        obj(
            "batch/v1", "Job", status={"conditions": [condition("FailureTarget", reason="DeadlineExceeded")]}
        ),
        "failed",
        "DeadlineExceeded",
    ),
    "job no longer failed": (
        obj("batch/v1", "Job", status={"conditions": [condition("Failed", "False")]}),
        "working",
        "0 of 1",
    ),
    "job suspended": (obj("batch/v1", "Job", spec={"suspend": True}), "ready", "suspended"),
    "cron job": (obj("batch/v1", "CronJob"), "ready", "scheduled"),
    "cron job suspended": (obj("batch/v1", "CronJob", spec={"suspend": True}), "ready", "suspended"),
    # Pod
    "pod ready": (pod(conditions=[condition("Ready")]), "ready", "running"),
    "pod not ready": (pod(conditions=[condition("Ready", "False")]), "working", "running"),
    "pod that ended well": (pod("Succeeded"), "ready", "ended well"),
    "pod evicted": (pod("Failed", reason="Evicted"), "failed", "Evicted"),
    "pod in a crash loop": (
        pod(containerStatuses=waiting("CrashLoopBackOff", "back-off 10s")),
        "failed",
        "web: CrashLoopBackOff: back-off 10s",
    ),
    "pod whose init container crashes": (
        pod("Pending", initContainerStatuses=waiting("CrashLoopBackOff")),
        "failed",
        "CrashLoopBackOff",
    ),
    "pod that cannot pull yet": (
        pod("Pending", containerStatuses=waiting("ImagePullBackOff")),
        "working",
        "ImagePullBackOff",
    ),
    "pod being created": (
        pod("Pending", containerStatuses=waiting("ContainerCreating")),
        "working",
        "pending",
    ),
    "pod without a node": (
        pod("Pending", conditions=[condition("PodScheduled", "False", message="0/3 nodes are available")]),
        "working",
        "0/3 nodes",
    ),
    # PersistentVolumeClaim
    "claim bound": (obj(*CLAIM, status={"phase": "Bound"}), "ready", "bound"),
    "claim pending": (obj(*CLAIM, status={"phase": "Pending"}), "working", "waits for a volume"),
    "claim without status": (obj(*CLAIM), "working", "waits for a volume"),
    "claim lost": (obj(*CLAIM, status={"phase": "Lost"}), "failed", "lost"),
    # Service
    "service": (obj("v1", "Service", spec={"clusterIP": "10.0.0.1"}), "ready", ""),
    "service headless": (obj("v1", "Service", spec={"clusterIP": "None"}), "ready", ""),
    "service without address": (obj("v1", "Service"), "working", "cluster address"),
    "service elsewhere": (obj("v1", "Service", spec={"type": "ExternalName"}), "ready", ""),
    "load balancer waiting": (
        obj("v1", "Service", spec={"type": "LoadBalancer", "clusterIP": "10.0.0.1"}),
        "working",
        "load balancer",
    ),
    "load balancer ready": (
        obj(
            "v1",
            "Service",
            spec={"type": "LoadBalancer", "clusterIP": "10.0.0.1"},
            status={"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}},
        ),
        "ready",
        "load balancer",
    ),
    "load balancer by external address": (
        obj(
            "v1",
            "Service",
            spec={"type": "LoadBalancer", "clusterIP": "10.0.0.1", "externalIPs": ["192.0.2.1"]},
        ),
        "ready",
        "",
    ),
    # The rest of the built-in kinds
    "autoscaler": (obj("autoscaling/v2", "HorizontalPodAutoscaler"), "ready", "exists"),
    "autoscaler without metrics": (
        obj(
            "autoscaling/v2",
            "HorizontalPodAutoscaler",
            status={"conditions": [condition("ScalingActive", "False", message="no metrics")]},
        ),
        "ready",
        "no metrics",
    ),
    "budget": (
        obj("policy/v1", "PodDisruptionBudget", status={"disruptionsAllowed": 1}),
        "ready",
        "1 disruptions",
    ),
    "budget behind": (
        obj("policy/v1", "PodDisruptionBudget", status={"observedGeneration": 1}, generation=2),
        "working",
        "",
    ),
    "namespace": (obj("v1", "Namespace", status={"phase": "Active"}), "ready", "active"),
    "namespace ending": (obj("v1", "Namespace", status={"phase": "Terminating"}), "working", "deleted"),
    "config map": (obj("v1", "ConfigMap"), "ready", "exists"),
    "definition established": (
        obj(*CRD, status={"conditions": [condition("NamesAccepted"), condition("Established")]}),
        "ready",
        "established",
    ),
    "definition new": (obj(*CRD), "working", "not established"),
    "definition with a taken name": (
        obj(*CRD, status={"conditions": [condition("NamesAccepted", "False", message="name is taken")]}),
        "failed",
        "name is taken",
    ),
    "api service": (
        obj("apiregistration.k8s.io/v1", "APIService", status={"conditions": [condition("Available")]}),
        "ready",
        "",
    ),
    "api service without its server": (
        obj(
            "apiregistration.k8s.io/v1",
            "APIService",
            status={"conditions": [condition("Available", "False", message="no endpoints")]},
        ),
        "working",
        "no endpoints",
    ),
    # Custom resources
    "topic that no operator has looked at": (topic(), "working", "no operator has looked at it yet"),
    "topic ready": (topic(condition("Ready"), observedGeneration=1), "ready", "is ready"),
    "topic that Kafka does not know yet": (
        topic(condition("Ready", "False", reason="KafkaError", message="timed out")),
        "working",
        "timed out",
    ),
    "topic with fewer partitions": (
        topic(
            condition("Ready", "False", reason="NotSupported", message="Decreasing partitions not supported")
        ),
        "failed",
        "Decreasing partitions",
    ),
    "topic of somebody else": (
        topic(condition("Ready", "False", reason="ResourceConflict", message="Managed by Ref{}")),
        "failed",
        "Managed by",
    ),
    "user whose password is missing": (
        topic(condition("NotReady", reason="InvalidResourceException", message="Secret x does not exist.")),
        "working",
        "does not exist",
    ),
    "bucket claim unseen": (bucket("BucketClaim"), "working", "waits for its bucket"),
    "bucket claim waiting": (bucket("BucketClaim", bucketReady=False), "working", "waits for its bucket"),
    "bucket claim with a bucket": (bucket("BucketClaim", bucketReady=True), "ready", "has its bucket"),
    "bucket access granted": (bucket("BucketAccess", accessGranted=True), "ready", "has its credentials"),
    "bucket access of the next version": (
        bucket("BucketAccess", "v1alpha2", readyToUse=False, error={"message": "driver is away"}),
        "working",
        "driver is away",
    ),
    "bucket claim of the next version": (bucket("BucketClaim", "v1alpha2", readyToUse=True), "ready", ""),
    "custom resource without conditions": (custom(), "ready", "exists"),
    "custom resource ready": (custom(condition("Ready", message="all is well")), "ready", "all is well"),
    "custom resource not ready": (
        custom(condition("Ready", "False", reason="Creating")),
        "working",
        "Creating",
    ),
    "custom resource unknown": (custom(condition("Ready", "Unknown")), "working", "not ready"),
    "custom resource behind": (
        custom(condition("Ready"), generation=3, observedGeneration=2),
        "working",
        "not looked at the change",
    ),
    "custom resource stalled": (
        custom(condition("Ready", "False"), condition("Stalled", message="no such chart")),
        "failed",
        "no such chart",
    ),
    "custom resource reconciling": (
        custom(condition("Ready"), condition("Reconciling", message="moving")),
        "working",
        "moving",
    ),
    "custom resource no longer reconciling": (
        custom(condition("Ready"), condition("Reconciling", "False")),
        "ready",
        "",
    ),
    "custom resource available": (custom(condition("Available")), "ready", ""),
    "custom resource with an odd status": (
        {**custom(), "status": {"conditions": "many"}},
        "ready",
        "exists",
    ),
    "custom kind that shares a name with ours": (
        obj("example.com/v1", "Deployment", status={"conditions": [condition("Ready")]}),
        "ready",
        "",
    ),
}


@pytest.mark.parametrize(("live", "expected", "says"), CASES.values(), ids=CASES.keys())
def test_state_of_a_live_object(live, expected, says):
    found = state(live)
    assert (found.state, says in found.message) == (expected, True), found.message


def test_what_is_not_there_is_missing_and_named_after_what_was_wanted():
    found = status_of(None, obj("apps/v1", "Deployment"))
    assert found.state == "missing"
    assert found.key == ObjectKey("apps/v1", "Deployment", "team-a", "web")


def test_a_claim_that_waits_for_its_first_pod_holds_nobody_up():
    pending = obj(*CLAIM, status={"phase": "Pending"})
    assert state(pending, binds_late=True).state == "ready"
    assert state(pending, binds_late=False).state == "working"
    assert state(obj(*CLAIM, status={"phase": "Lost"}), binds_late=True).state == "failed"


def test_what_is_being_deleted_is_never_ready_and_says_what_holds_it():
    live = {**deployment(), "metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["a/b"]}}
    found = state(live)
    assert (found.state, found.message) == ("working", "is being deleted, held by a/b")


def test_a_namespace_left_out_by_the_chart_is_taken_from_the_live_object():
    desired = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web"}}
    assert status_of(obj("v1", "ConfigMap"), desired).key.namespace == "team-a"


def test_every_state_is_explained():
    for name, (live, _, _) in CASES.items():
        assert state(live).message, name


def long_job(annotation="started", **status):
    spec = {"completions": 4, "ttlSecondsAfterFinished": 3600}
    return obj(
        "batch/v1", "Job", spec=spec, status=status, annotations={"slipway.dev/ready-when": annotation}
    )


@pytest.mark.parametrize(
    ("live", "expected"),
    [
        (long_job(active=1), "working"),
        (long_job(active=1, ready=1), "ready"),
        (long_job(active=1, succeeded=1), "ready"),
        (long_job("complete", active=1, ready=1), "working"),
        (long_job(ready=1, conditions=[condition("Failed")]), "failed"),
    ],
)
def test_a_computation_is_rolled_out_once_it_has_begun_when_it_asks_for_that(live, expected):
    assert state(live).state == expected


def test_only_what_the_cluster_clears_away_by_itself_may_be_gone():
    assert may_be_gone(long_job())
    assert not may_be_gone(obj("batch/v1", "Job", spec={}))
    assert not may_be_gone(obj("apps/v1", "Deployment", spec={"ttlSecondsAfterFinished": 1}))
