"""CronJobs: a Job at each due minute, within the concurrency policy, with a bounded history."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from portal.sandbox import owners, times
from portal.sandbox.controllers import cron
from portal.sandbox.controllers.base import Controller, Key
from portal.sandbox.objects import Object, clone
from portal.sandbox.pods import condition

KIND = "batch/CronJob"
INSTANTIATE = "cronjob.kubernetes.io/instantiate"
SCHEDULED = "batch.kubernetes.io/cronjob-scheduled-timestamp"


class CronJobController(Controller):
    name = "cronjob-controller"

    def watch(self) -> None:
        self.on_self(KIND)
        self.on_owned("batch/Job", "CronJob")

    def reconcile(self, key: Key) -> float | None:
        cron_job = self.client.get(KIND, *key)
        if cron_job is None or cron_job["metadata"].get("deletionTimestamp"):
            return None
        status = dict(cron_job.get("status") or {})
        jobs = self.client.owned("batch/Job", cron_job)
        self._forget_history(cron_job, jobs)
        again = None
        if not cron_job["spec"].get("suspend"):
            again = self._start_due(cron_job, status, [job for job in jobs if not _ended(job)])
        self._write_status(cron_job, status)
        return again

    def _start_due(self, cron_job: Object, status: Object, running: list[Object]) -> float | None:
        """Start the latest missed run; seconds until the next one."""
        try:
            schedule = cron.parse(cron_job["spec"]["schedule"])
            zone = ZoneInfo(cron_job["spec"].get("timeZone") or "UTC")
        except (cron.ScheduleError, ZoneInfoNotFoundError, ValueError) as problem:
            message = f'unparseable schedule "{cron_job["spec"]["schedule"]}" : {problem}'
            self.client.event(cron_job, "Warning", "UnparseableSchedule", message)
            return None
        now = datetime.now(UTC).astimezone(zone)
        since = times.read(
            status.get("lastScheduleTime") or cron_job["metadata"]["creationTimestamp"]
        ).astimezone(zone)
        deadline = cron_job["spec"].get("startingDeadlineSeconds")
        if deadline is not None:
            since = max(since, now - timedelta(seconds=deadline))
        due = _latest_due(schedule, since, now)
        if due is not None:
            self._start(cron_job, status, due, running)
        following = schedule.next_after(now)
        return None if following is None else max(0.05, (following - now).total_seconds())

    def _start(self, cron_job: Object, status: Object, due: datetime, running: list[Object]) -> None:
        policy = cron_job["spec"].get("concurrencyPolicy", "Allow")
        if policy == "Forbid" and running:
            message = "Not starting job because prior execution is running and concurrency policy is Forbid"
            self.client.event(cron_job, "Normal", "JobAlreadyActive", message)
            return
        if policy == "Replace":
            for job in running:
                self.client.delete("batch/Job", job)
        name = f"{cron_job['metadata']['name']}-{int(due.timestamp()) // 60}"
        if self.client.get("batch/Job", cron_job["metadata"]["namespace"], name) is None:
            self.client.create("batch/Job", job_from(cron_job, name, due))
            self.client.event(cron_job, "Normal", "SuccessfulCreate", f"Created job {name}")
        status["lastScheduleTime"] = times.text(due)

    def _write_status(self, cron_job: Object, status: Object) -> None:
        jobs = self.client.owned("batch/Job", cron_job)
        active = [_reference(job) for job in jobs if not _ended(job)]
        status.pop("active", None)
        if active:
            status["active"] = active
        done = [
            job["status"]["completionTime"] for job in jobs if (job.get("status") or {}).get("completionTime")
        ]
        if done:
            status["lastSuccessfulTime"] = max([*done, status.get("lastSuccessfulTime", "")])
        if status != (cron_job.get("status") or {}):
            self.client.update_status(KIND, {**cron_job, "status": status})

    def _forget_history(self, cron_job: Object, jobs: list[Object]) -> None:
        spec = cron_job["spec"]
        for outcome, limit in (
            ("Complete", spec.get("successfulJobsHistoryLimit", 3)),
            ("Failed", spec.get("failedJobsHistoryLimit", 1)),
        ):
            ended = sorted(
                (job for job in jobs if _ended(job) == outcome),
                key=lambda job: (job["metadata"]["creationTimestamp"], job["metadata"]["name"]),
            )
            for job in ended[: max(0, len(ended) - limit)]:
                self.client.delete("batch/Job", job)
                message = f"Deleted job {job['metadata']['name']}"
                self.client.event(cron_job, "Normal", "SuccessfulDelete", message)


def job_from(cron_job: Object, name: str, due: datetime) -> Object:
    template = clone(cron_job["spec"]["jobTemplate"])
    metadata = template.get("metadata") or {}
    annotations = {**(metadata.get("annotations") or {}), SCHEDULED: due.isoformat().replace("+00:00", "Z")}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": name,
            "namespace": cron_job["metadata"]["namespace"],
            "labels": metadata.get("labels") or {},
            "annotations": annotations,
            "ownerReferences": [owners.reference_to(cron_job)],
        },
        "spec": template["spec"],
    }


def _latest_due(schedule: cron.Schedule, since: datetime, now: datetime) -> datetime | None:
    """The latest due minute in (since, now]; a sleep of days must not walk every minute of them."""
    latest = None
    candidate = schedule.next_after(max(since, now - timedelta(days=1)) if _is_often(schedule) else since)
    while candidate is not None and candidate <= now:
        latest = candidate
        candidate = schedule.next_after(candidate)
    return latest


def _is_often(schedule: cron.Schedule) -> bool:
    """Whether it is due at least once on every day."""
    return schedule.any_day and schedule.any_weekday and len(schedule.months) == 12


def _ended(job: Object) -> str:
    for kind in ("Complete", "Failed"):
        found = condition(job, kind)
        if found is not None and found["status"] == "True":
            return kind
    return ""


def _reference(job: Object) -> Object:
    metadata = job["metadata"]
    return {
        "kind": "Job",
        "namespace": metadata["namespace"],
        "name": metadata["name"],
        "uid": metadata["uid"],
        "apiVersion": "batch/v1",
        "resourceVersion": metadata["resourceVersion"],
    }
