"""Jobs and CronJobs."""

from datetime import UTC, datetime, timedelta

from portal.sandbox import times
from tests.sandbox.living import LivingCluster

JOB = """
apiVersion: batch/v1
kind: Job
metadata: {{name: migrate}}
spec:
  {spec}
  template:
    spec: {{restartPolicy: Never, containers: [{{name: app, image: "registry.example.com/{image}"}}]}}
"""


def job(spec: str = "parallelism: 1", image: str = "app:1") -> str:
    return JOB.format(spec=spec, image=image)


def conditions(cluster: LivingCluster, obj: dict) -> dict[str, str]:
    status = cluster.fresh(obj)["status"]
    return {
        each["type"]: each["reason"] for each in status.get("conditions") or () if each["status"] == "True"
    }


def test_job_completes_in_well_under_a_second(cluster: LivingCluster) -> None:
    made = cluster.create(job())
    assert cluster.until(lambda: "Complete" in conditions(cluster, made)) < 1.0
    status = cluster.fresh(made)["status"]
    assert status["succeeded"] == 1
    assert status["completionTime"]
    (pod,) = cluster.all("v1", "Pod")
    assert pod["metadata"]["labels"]["batch.kubernetes.io/job-name"] == "migrate"
    assert pod["status"]["phase"] == "Succeeded"


def test_job_runs_as_many_pods_as_completions_ask(cluster: LivingCluster) -> None:
    made = cluster.create(job("completions: 5\n  parallelism: 2"))
    cluster.until(lambda: "Complete" in conditions(cluster, made))
    assert cluster.fresh(made)["status"]["succeeded"] == 5


def test_indexed_job_gives_each_pod_its_index(cluster: LivingCluster) -> None:
    made = cluster.create(job("completions: 3\n  parallelism: 3\n  completionMode: Indexed"))
    cluster.until(lambda: "Complete" in conditions(cluster, made))
    assert cluster.fresh(made)["status"]["completedIndexes"] == "0-2"
    names = sorted(pod["metadata"]["name"][:10] for pod in cluster.all("v1", "Pod"))
    assert names == ["migrate-0-", "migrate-1-", "migrate-2-"]


def test_job_whose_container_crashes_fails_after_its_retries(cluster: LivingCluster) -> None:
    made = cluster.create(job("backoffLimit: 2", image="crash:1"))
    cluster.until(lambda: "Failed" in conditions(cluster, made))
    assert conditions(cluster, made)["Failed"] == "BackoffLimitExceeded"
    assert cluster.fresh(made)["status"]["failed"] == 3


def test_job_that_takes_too_long_is_stopped(cluster: LivingCluster) -> None:
    made = cluster.create(job("activeDeadlineSeconds: 1", image="slow-60:1"))
    cluster.until(lambda: conditions(cluster, made).get("Failed") == "DeadlineExceeded")
    cluster.until(lambda: not cluster.all("v1", "Pod"))


def test_suspended_job_starts_when_it_is_resumed(cluster: LivingCluster) -> None:
    made = cluster.create(job("suspend: true"))
    cluster.settle()
    assert cluster.all("v1", "Pod") == []
    assert "Suspended" in conditions(cluster, made)
    cluster.change(cluster.fresh(made), lambda obj: obj["spec"].update(suspend=False))
    cluster.until(lambda: "Complete" in conditions(cluster, made))


def test_finished_job_goes_when_its_time_to_live_is_over(cluster: LivingCluster) -> None:
    made = cluster.create(job("ttlSecondsAfterFinished: 1"))
    cluster.until(lambda: "Complete" in conditions(cluster, made))
    cluster.until(lambda: cluster.fresh(made) is None)
    cluster.until(lambda: not cluster.all("v1", "Pod"))


CRON = """
apiVersion: batch/v1
kind: CronJob
metadata: {{name: report}}
spec:
  schedule: "* * * * *"
  concurrencyPolicy: {policy}
  jobTemplate:
    spec:
      template:
        spec: {{restartPolicy: Never, containers: [{{name: app, image: "registry.example.com/{image}"}}]}}
"""


def let_time_pass(cluster: LivingCluster, cron_job: dict) -> None:
    """Make the last run look two minutes old, which is what the controller sees after sleeping that long."""
    past = times.text(datetime.now(UTC) - timedelta(minutes=2))
    resource = cluster.resource("batch/v1", "CronJob")
    found = cluster.fresh(cron_job)
    status = {**(found.get("status") or {}), "lastScheduleTime": past}
    cluster._inside(
        lambda: cluster.store.put(resource, {**found, "metadata": dict(found["metadata"]), "status": status})
    )


def test_cron_job_starts_one_job_for_the_latest_missed_run(cluster: LivingCluster) -> None:
    made = cluster.create(CRON.format(policy="Allow", image="app:1"))
    let_time_pass(cluster, made)
    cluster.until(lambda: (cluster.fresh(made)["status"]).get("lastSuccessfulTime"))
    (run,) = cluster.all("batch/v1", "Job")
    assert run["metadata"]["ownerReferences"][0]["name"] == "report"
    assert run["metadata"]["name"].startswith("report-")


def test_forbidden_overlap_waits_for_the_run_before(cluster: LivingCluster) -> None:
    made = cluster.create(CRON.format(policy="Forbid", image="slow-60:1"))
    let_time_pass(cluster, made)
    cluster.until(lambda: (cluster.fresh(made)["status"]).get("active"))
    (first,) = cluster.all("batch/v1", "Job")
    let_time_pass(cluster, made)
    cluster.settle()
    assert [each["metadata"]["uid"] for each in cluster.all("batch/v1", "Job")] == [first["metadata"]["uid"]]
