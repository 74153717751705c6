"""How a simulated container behaves, told from the last segment of its image's path.

`…/fail…` can never be pulled; `…/crash…` ends with an error each time it is started, `…/oom…` is killed then
for want of memory; `…/slow-N…` is ready (or, in a pod that runs to completion, done) after N seconds.
Everything else is ready at once.

How it answers HTTP: `…/unwell…` with 500; `…/late-N…` with 503 in its first N seconds; `…/flapping…` with
200 and 500 in turn; `…/slow-answer-N…` after N seconds; `…/prometheus…` as Prometheus does; all others with
200.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from portal.sandbox import pods
from portal.sandbox.objects import Object

_SLOW = re.compile(r"^slow-(\d+(?:\.\d+)?)")
_SLOW_ANSWER = re.compile(r"^slow-answer-(\d+(?:\.\d+)?)")
_LATE = re.compile(r"^late-(\d+(?:\.\d+)?)")
# how long an ordinary container takes to start, and a job's container to do its work
START_SECONDS = 0.02
WORK_SECONDS = 0.05
# 128 and SIGKILL, as the kernel's out-of-memory killer leaves it
KILLED = 137


@dataclass(frozen=True)
class Behaviour:
    """`seconds` until it is ready, `late_seconds` until it answers well, `answer_seconds` for one answer."""

    pulls: bool = True
    crashes: bool = False
    exit_code: int = 1
    seconds: float = 0.0
    unwell: bool = False
    flaps: bool = False
    late_seconds: float = 0.0
    answer_seconds: float = 0.0
    measures: bool = False


def of(container: Object) -> Behaviour:
    segment = container.get("image", "").rpartition("/")[2]
    if segment.startswith("fail"):
        return Behaviour(pulls=False)
    if segment.startswith("crash"):
        return Behaviour(crashes=True)
    if segment.startswith("oom"):
        return Behaviour(crashes=True, exit_code=KILLED)
    return Behaviour(
        seconds=_number(_SLOW, segment),
        unwell=segment.startswith("unwell"),
        flaps=segment.startswith("flapping"),
        late_seconds=_number(_LATE, segment),
        answer_seconds=_number(_SLOW_ANSWER, segment),
        measures=segment.startswith("prometheus"),
    )


def _number(pattern: re.Pattern[str], segment: str) -> float:
    found = pattern.match(segment)
    return float(found.group(1)) if found else 0.0


def runs_to_completion(spec: Object) -> bool:
    """Whether the pod's containers are expected to end: any restart policy but Always."""
    return bool(spec.get("restartPolicy", "Always") != "Always")


def references(spec: Object) -> list[tuple[str, str, str, str, bool]]:
    """Secrets and ConfigMaps that must exist: kind, name, key ("" for any), where, whether as a volume."""
    found = []
    for container in pods.containers(spec, ephemeral=False):
        for source in container.get("envFrom") or ():
            for field, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
                reference = source.get(field)
                if reference and not reference.get("optional"):
                    found.append((kind, reference["name"], "", container["name"], False))
        for variable in container.get("env") or ():
            for field, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
                reference = (variable.get("valueFrom") or {}).get(field)
                if reference and not reference.get("optional"):
                    found.append((kind, reference["name"], reference["key"], container["name"], False))
    for volume in spec.get("volumes") or ():
        found += _mounted(volume)
    return found


def _mounted(volume: Object) -> list[tuple[str, str, str, str, bool]]:
    found = []
    sources = [volume, *((volume.get("projected") or {}).get("sources") or ())]
    for source in sources:
        for field, kind, key in (("configMap", "ConfigMap", "name"), ("secret", "Secret", "secretName")):
            reference = source.get(field)
            if reference and not reference.get("optional"):
                name = reference.get(key) or reference.get("name")
                found.append((kind, name, "", volume["name"], True))
    return found
