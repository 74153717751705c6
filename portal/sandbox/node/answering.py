"""What a simulated container answers to HTTP: told from its image (`behaviour.py`), never from a program.

A path `/status/NNN` is answered with that status, so that any answer can be had from any container.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from portal.sandbox import pods, times
from portal.sandbox.node import behaviour
from portal.sandbox.objects import Object, encode

# {query: value} or {query: {labels as JSON: value}}: what a `…/prometheus…` container has measured
METRICS_ANNOTATION = "sandbox.slipway.dev/metrics"
_STATUS = re.compile(r"^/status/([2-5]\d\d)$")
_JSON = "application/json"


@dataclass(frozen=True)
class Asked:
    """One request to one container; `nth` counts the requests to its pod, from 1."""

    method: str
    path: str
    query: Mapping[str, str]
    body: bytes
    nth: int


@dataclass(frozen=True)
class Reply:
    status: int
    body: bytes
    content_type: str = _JSON
    seconds: float = 0.0
    headers: dict[str, str] = field(default_factory=dict)


def listening(pod: Object, port: int) -> Object | None:
    """The container that listens on `port`; one in a pod that declares no port at all listens on any."""
    declared = False
    for container in pod["spec"]["containers"]:
        for offered in container.get("ports") or ():
            declared = True
            if offered["containerPort"] == port:
                return _started(pod, container)
    return None if declared else _started(pod, pod["spec"]["containers"][0])


def _started(pod: Object, container: Object) -> Object | None:
    return container if _began(pod, container) else None


def _began(pod: Object, container: Object) -> str:
    for status in (pod.get("status") or {}).get("containerStatuses") or ():
        if status["name"] == container["name"]:
            return str(((status.get("state") or {}).get("running") or {}).get("startedAt") or "")
    return ""


def answer(pod: Object, container: Object, asked: Asked) -> Reply:
    how = behaviour.of(container)
    if how.measures and asked.path == "/api/v1/query":
        return _measured(pod, asked)
    wanted = _STATUS.match(asked.path)
    status = int(wanted.group(1)) if wanted else _status(pod, container, how, asked.nth)
    name = pod["metadata"]["name"]
    body: Object = {"pod": name, "path": asked.path, "status": status, "simulated": True}
    headers = {"Location": "/"} if 300 <= status < 400 else {}
    content = b"" if status in (204, 304) else f"{encode(body)}\n".encode()
    return Reply(status, content, seconds=how.answer_seconds, headers=headers)


def _status(pod: Object, container: Object, how: behaviour.Behaviour, nth: int) -> int:
    if how.unwell or (how.flaps and nth % 2 == 0):
        return 500
    late = how.late_seconds and times.seconds_since(_began(pod, container)) < how.late_seconds
    return 503 if late else 200


def _measured(pod: Object, asked: Asked) -> Reply:
    """Prometheus' HTTP API, `query`: an instant vector of what the annotation says, else an empty one."""
    form = parse_qs(asked.body.decode(errors="replace")) if asked.method == "POST" else {}
    query = asked.query.get("query") or (form.get("query") or [""])[0]
    if not query:
        said = 'invalid parameter "query": 1:1: parse error: no expression found in input'
        return _prometheus(400, {"status": "error", "errorType": "bad_data", "error": said})
    annotations = pod["metadata"].get("annotations") or {}
    try:
        known = json.loads(annotations.get(METRICS_ANNOTATION) or "{}").get(query)
    except (ValueError, AttributeError):
        said = f"the annotation {METRICS_ANNOTATION} is no JSON object"
        return _prometheus(422, {"status": "error", "errorType": "execution", "error": said})
    samples = known.items() if isinstance(known, dict) else [] if known is None else [("{}", known)]
    result = [
        {"metric": json.loads(labels), "value": [round(time.time(), 3), str(value)]}
        for labels, value in samples
    ]
    return _prometheus(200, {"status": "success", "data": {"resultType": "vector", "result": result}})


def _prometheus(status: int, body: Object) -> Reply:
    return Reply(status, encode(body).encode())


def is_up(pod: Object) -> bool:
    """Whether anything in the pod can be reached at all."""
    return bool((pod.get("status") or {}).get("podIP")) and not pods.is_terminal(pod)
