"""Jobs: pods run to completion, retried up to the backoff limit, ended by deadline or suspension."""

from __future__ import annotations

from portal.sandbox import conditions, pods, times
from portal.sandbox.controllers import podcontrol
from portal.sandbox.controllers.base import Controller, Key
from portal.sandbox.objects import Object

KIND = "batch/Job"
INDEX = "batch.kubernetes.io/job-completion-index"
# before a failed pod is replaced: doubled each time as Kubernetes does, but not from ten seconds
FIRST_BACKOFF_SECONDS = 0.1


class JobController(Controller):
    name = "job-controller"

    def watch(self) -> None:
        self.on_self(KIND)
        self.on_owned("Pod", "Job")

    def reconcile(self, key: Key) -> float | None:
        job = self.client.get(KIND, *key)
        if job is None or job["metadata"].get("deletionTimestamp"):
            return None
        if _finished(job) is not None:
            return self._expire(job)
        status = {"startTime": times.now(), **(job.get("status") or {})}
        mine = self.client.owned("Pod", job)
        if job["spec"].get("suspend"):
            status.pop("startTime", None)
            self._suspend(job, status, mine)
            return None
        status["conditions"] = _resumed(status.get("conditions") or [])
        failure = _failure(job, status, mine)
        again = None
        if failure is not None:
            self._stop(job, [pod for pod in mine if pods.is_active(pod)])
            reason, message = failure
            self.client.event(job, "Warning", reason, message)
            for kind in ("FailureTarget", "Failed"):
                status["conditions"] = _marked(status["conditions"], kind, reason, message)
        elif _succeeded(job, mine):
            self._complete(job, status)
        else:
            again = self._fill(job, mine)
        self._write(job, status, failure is None)
        return again if failure is None else 0.0

    def _fill(self, job: Object, mine: list[Object]) -> float | None:
        """Keep as many pods running as are wanted; seconds until a retry or the deadline is due."""
        active = [pod for pod in mine if not pods.is_terminal(pod)]
        failed = [pod for pod in mine if _phase(pod) == "Failed"]
        due = _deadline(job)
        wanted = _wanted_active(job, mine)
        surplus = [pod for pod in active if not pod["metadata"].get("deletionTimestamp")]
        self._stop(job, sorted(surplus, key=podcontrol.usefulness)[: max(0, len(surplus) - wanted)])
        if len(active) >= wanted:
            return due
        if failed:
            wait = _backoff(failed)
            if wait > 0:
                return min(wait, due) if due is not None else wait
        for index in _free_indexes(job, mine, wanted - len(active)):
            self._create(job, index)
        return due

    def _create(self, job: Object, index: int | None) -> None:
        name = job["metadata"]["name"]
        prefix = f"{name}-{index}-" if index is not None else f"{name}-"
        pod = podcontrol.from_template(job["spec"]["template"], job, generate_name=prefix)
        if index is not None:
            for field in ("labels", "annotations"):
                pod["metadata"].setdefault(field, {})[INDEX] = str(index)
            pod["spec"]["hostname"] = f"{name}-{index}"
        created = self.client.create("Pod", pod)
        message = f"Created pod: {created['metadata']['name']}"
        self.client.event(job, "Normal", "SuccessfulCreate", message)

    def _stop(self, job: Object, victims: list[Object]) -> None:
        for pod in victims:
            self.client.delete("Pod", pod)
            message = f"Deleted pod: {pod['metadata']['name']}"
            self.client.event(job, "Normal", "SuccessfulDelete", message)

    def _suspend(self, job: Object, status: Object, mine: list[Object]) -> None:
        self._stop(job, [pod for pod in mine if pods.is_active(pod)])
        listed = conditions.put(
            status.get("conditions") or [], "Suspended", "True", "JobSuspended", "Job suspended"
        )
        status["conditions"] = listed
        self._write(job, status, True)

    def _complete(self, job: Object, status: Object) -> None:
        message = "Reached expected number of succeeded pods"
        for kind in ("SuccessCriteriaMet", "Complete"):
            status["conditions"] = _marked(status["conditions"], kind, "CompletionsReached", message)
        status["completionTime"] = times.now()
        self.client.event(job, "Normal", "Completed", "Job completed")

    def _write(self, job: Object, status: Object, keeps_active: bool) -> None:
        mine = self.client.owned("Pod", job)
        live = [pod for pod in mine if pods.is_active(pod)]
        finished = any(each["type"] in ("Complete", "Failed") for each in status.get("conditions") or ())
        counts = {
            "active": len(live) if keeps_active else 0,
            "succeeded": sum(_phase(pod) == "Succeeded" for pod in mine),
            "failed": sum(_phase(pod) == "Failed" for pod in mine),
        }
        status = {key: value for key, value in status.items() if key not in counts and value != []}
        status.update({field: number for field, number in counts.items() if number})
        status["ready"] = 0 if finished else sum(pods.is_ready(pod) for pod in live)
        status["terminating"] = 0 if finished else podcontrol.terminating(mine)
        status["uncountedTerminatedPods"] = {}
        if job["spec"].get("completionMode") == "Indexed":
            done = sorted({_index(pod) for pod in mine if _phase(pod) == "Succeeded"})
            if done:
                status["completedIndexes"] = _ranges(done)
        if status != (job.get("status") or {}):
            self.client.update_status(KIND, {**job, "status": status})

    def _expire(self, job: Object) -> float | None:
        """Delete a finished Job when its time to live is over."""
        seconds = job["spec"].get("ttlSecondsAfterFinished")
        finished = _finished(job)
        if seconds is None or finished is None:
            return None
        left: float = seconds - times.seconds_since(finished["lastTransitionTime"])
        if left > 0:
            return left
        self.client.delete(KIND, job)
        return None


def _finished(job: Object) -> Object | None:
    for kind in ("Complete", "Failed"):
        found = pods.condition(job, kind)
        if found is not None and found["status"] == "True":
            return found
    return None


def _phase(pod: Object) -> str:
    phase: str = (pod.get("status") or {}).get("phase", "Pending")
    return phase


def _index(pod: Object) -> int:
    return int((pod["metadata"].get("annotations") or {}).get(INDEX, -1))


def _succeeded(job: Object, mine: list[Object]) -> bool:
    done = [pod for pod in mine if _phase(pod) == "Succeeded"]
    completions: int | None = job["spec"].get("completions")
    if job["spec"].get("completionMode") == "Indexed":
        return len({_index(pod) for pod in done}) >= (completions or 1)
    if completions is None:
        return bool(done) and not any(pods.is_active(pod) for pod in mine)
    return len(done) >= completions


def _wanted_active(job: Object, mine: list[Object]) -> int:
    parallelism: int = job["spec"].get("parallelism", 1)
    completions: int | None = job["spec"].get("completions")
    done = sum(_phase(pod) == "Succeeded" for pod in mine)
    if completions is None:
        return 0 if done else parallelism
    return min(parallelism, completions - done)


def _free_indexes(job: Object, mine: list[Object], missing: int) -> list[int | None]:
    if job["spec"].get("completionMode") != "Indexed":
        return [None] * missing
    taken = {_index(pod) for pod in mine if _phase(pod) != "Failed"}
    free = [index for index in range(job["spec"].get("completions", 1)) if index not in taken]
    return list(free[:missing])


def _failure(job: Object, status: Object, mine: list[Object]) -> tuple[str, str] | None:
    failed = sum(_phase(pod) == "Failed" for pod in mine)
    restarts = sum(
        each.get("restartCount", 0)
        for pod in mine
        if pods.is_active(pod) and pod["spec"].get("restartPolicy") == "OnFailure"
        for each in (pod.get("status") or {}).get("containerStatuses") or ()
    )
    if failed + restarts > job["spec"].get("backoffLimit", 6):
        return "BackoffLimitExceeded", "Job has reached the specified backoff limit"
    deadline = job["spec"].get("activeDeadlineSeconds")
    if deadline is not None and times.seconds_since(status["startTime"]) >= deadline:
        return "DeadlineExceeded", "Job was active longer than specified deadline"
    return None


def _deadline(job: Object) -> float | None:
    deadline = job["spec"].get("activeDeadlineSeconds")
    started = (job.get("status") or {}).get("startTime")
    if deadline is None:
        return None
    left: float = deadline - (times.seconds_since(started) if started else 0)
    return max(0.05, left)


def _backoff(failed: list[Object]) -> float:
    """Seconds still to wait after the latest failure; whole seconds of clock make it at most one longer."""
    ended = [
        each["state"]["terminated"]["finishedAt"]
        for pod in failed
        for each in (pod.get("status") or {}).get("containerStatuses") or ()
        if "terminated" in each.get("state", {})
    ]
    wait = FIRST_BACKOFF_SECONDS * 2 ** (len(failed) - 1)
    return wait - times.seconds_since(max(ended)) if ended else 0.0


def _resumed(listed: list[Object]) -> list[Object]:
    if conditions.find(listed, "Suspended") is None:
        return listed
    return conditions.put(listed, "Suspended", "False", "JobResumed", "Job resumed")


def _marked(listed: list[Object], kind: str, reason: str, message: str) -> list[Object]:
    return conditions.put(listed, kind, "True", reason, message, lastProbeTime=times.now())


def _ranges(numbers: list[int]) -> str:
    """Sorted indexes in short form: `0-2,4`."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in runs)
