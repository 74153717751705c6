"""Cron job and batch job: runs that end."""

from __future__ import annotations

import pytest

from portal.clusters.errors import ChartDoesNotRender
from portal.clusters.helm import render
from portal.clusters.types import Target
from tests import tools
from tests.services_catalog.pod_security import pod_of
from tests.services_catalog.rendered_charts import case_of, documents_of, one, some

GPU = "nvidia.com/gpu"


def job(**overrides):
    return one(documents_of(case_of("ml-batch-job"), **overrides), "Job")


def test_runs_of_a_cron_job_never_pile_up_end_in_time_and_are_cleared_away():
    spec = one(documents_of(case_of("cron-job")), "CronJob")["spec"]
    assert spec["concurrencyPolicy"] == "Forbid"
    assert (spec["timeZone"], spec["startingDeadlineSeconds"]) == ("Etc/UTC", 300)
    run = spec["jobTemplate"]["spec"]
    assert (run["activeDeadlineSeconds"], run["backoffLimit"]) == (3600, 2)
    assert run["podFailurePolicy"]["rules"][0]["action"] == "Ignore"
    with pytest.raises(ChartDoesNotRender):
        documents_of(case_of("cron-job"), concurrency="Allow")


@pytest.mark.parametrize("schedule", ["17 3 * * *", "*/5 8-18 * * MON-FRI", "@daily", "0 0 1,15 JAN *"])
def test_schedules_that_a_cluster_takes_are_taken(schedule):
    spec = one(documents_of(case_of("cron-job"), schedule=schedule), "CronJob")["spec"]
    assert spec["schedule"] == schedule


@pytest.mark.parametrize("schedule", ["", "3 * * *", "TZ=UTC 3 * * * *", "@every 5m", "1 2 3 4 5 6"])
def test_schedules_that_a_cluster_would_refuse_are_refused(schedule):
    with pytest.raises(ChartDoesNotRender):
        documents_of(case_of("cron-job"), schedule=schedule)


@pytest.mark.parametrize("slug", ["cron-job", "ml-batch-job"])
def test_a_long_name_leaves_room_for_the_names_of_its_pods(slug):
    case = case_of(slug)
    target = Target("a" * 52 + "b", "storefront-dev")
    result = render(case.version.folder, target=target, values=case.values(), binary=tools.helm())
    kind, most = ("CronJob", 52) if slug == "cron-job" else ("Job", 57)
    assert len(one(result.documents, kind)["metadata"]["name"]) <= most


def test_what_a_job_computes_is_in_its_name_since_a_job_cannot_change():
    name = job()["metadata"]["name"]
    again = [{"run": 2}, {"env": {"A": "1"}}, {"args": ["x"]}, {"completions": 2}, {"finalExitCodes": [3]}]
    again += [{"scratchSize": "1Gi"}, {"mode": "NonIndexed"}, {"podAnnotations": {"a": "b"}}]
    names = {job(**change)["metadata"]["name"] for change in again}
    assert len(names | {name}) == len(again) + 1


@pytest.mark.parametrize(
    "change",
    [
        {"parallelism": 3},
        {"retries": 5},
        {"deadlineSeconds": 600},
        {"keepSeconds": 3600},
        {"suspend": True},
        {"queue": "training"},
    ],
)
def test_what_a_running_job_may_change_leaves_it_running(change):
    assert job(**change)["metadata"]["name"] == job()["metadata"]["name"]
    assert job(**change) != job()


@pytest.mark.parametrize(
    ("plan", "pool", "count"), [("small-gpu", "gpu-inference", "1"), ("large-gpu", "gpu-training", "4")]
)
def test_a_gpu_plan_takes_gpus_in_the_pool_of_their_class(plan, pool, count):
    found = one(documents_of(case_of("ml-batch-job", plan=plan)), "Job")
    pod = pod_of(found)
    assert pod["nodeSelector"] == {"slipway.dev/node-pool": pool}
    assert pod["tolerations"] == [{"key": GPU, "operator": "Exists", "effect": "NoSchedule"}]
    assert pod["containers"][0]["resources"]["limits"][GPU] == count
    assert found["metadata"]["labels"]["slipway.dev/hpc-class"] == pool.removeprefix("gpu-")


def test_without_a_gpu_plan_nothing_of_gpus_is_said():
    found = job()
    assert "slipway.dev/hpc-class" not in found["metadata"]["labels"]
    pod = pod_of(found)
    assert not {"nodeSelector", "tolerations", "runtimeClassName"} & set(pod)
    assert GPU not in pod["containers"][0]["resources"]["limits"]


def test_a_class_that_nobody_defined_is_an_error():
    with pytest.raises(ChartDoesNotRender, match="There is no GPU class huge"):
        job(gpu={"class": "huge"})


def test_only_the_copies_of_a_distributed_computation_may_call_each_other():
    alone = documents_of(case_of("ml-batch-job"))
    assert "ingress" not in one(alone, "NetworkPolicy")["spec"]
    assert some(alone, "Service") == []
    together = documents_of(case_of("ml-batch-job"), completions=4, distributed={"enabled": True})
    peers = one(together, "NetworkPolicy")["spec"]["ingress"][0]["from"]
    assert peers[0]["podSelector"]["matchLabels"]["app.kubernetes.io/instance"] == "storefront-example"
    service = one(together, "Service")
    assert service["spec"]["publishNotReadyAddresses"] is True
    pod = pod_of(one(together, "Job"))
    assert pod["subdomain"] == service["metadata"]["name"]
    assert {"name": "WORLD_SIZE", "value": "4"} in pod["containers"][0]["env"]
    with pytest.raises(ChartDoesNotRender):
        job(distributed={"enabled": True}, mode="NonIndexed")


def test_checkpoints_outlive_a_run():
    changes = [{"run": 1}, {"run": 2}]
    claims = [
        one(
            documents_of(case_of("ml-batch-job"), checkpoints={"enabled": True}, **change),
            "PersistentVolumeClaim",
        )
        for change in changes
    ]
    assert claims[0] == claims[1]
