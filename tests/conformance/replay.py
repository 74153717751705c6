"""Replays recorded requests against a sandbox and compares what is answered, field by field."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.sandbox_process import Answer, SandboxProcess

RECORDED = Path(__file__).resolve().parents[1] / "data" / "api-exchanges.json"
MORE = "… more"
# controllers act when they act: what a read waits for, and how long
WAIT_SECONDS = 10.0

Exchange = dict[str, Any]
_UID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_AGE = re.compile(r"^\d+s$")
_GENERATED = re.compile(r"^gen-[a-z0-9]{5}$")
_COMPACTED = re.compile(r"(too old resource version: \d+) \(\d+\)")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
# values that are this cluster's own
_OWN = {
    "uid", "resourceVersion", "creationTimestamp", "time", "serverAddress", "lastUpdateTime",
    "lastTransitionTime",
    "deletionTimestamp", "clusterIP", "clusterIPs", "continue",
}  # fmt: skip


def recorded() -> list[Exchange]:
    found: list[Exchange] = json.loads(RECORDED.read_text())
    return found


class Replay:
    """Sends the requests in order; what one answer names (uids, versions) is put into later requests."""

    def __init__(self, sandbox: SandboxProcess) -> None:
        self._sandbox = sandbox
        self._known: dict[str, str] = {}

    def send(self, exchange: Exchange) -> Answer:
        asked = exchange["request"]
        body = asked["body"]
        if isinstance(body, dict):
            body = self._translated(body)
        headers = {"Accept": asked["accept"]}
        token = None
        if exchange["step"].startswith("forbidden"):
            headers["Impersonate-User"] = "dev"
        if exchange["step"] == "bad-token":
            token = "not-a-token"
        answer = self._sandbox.request(
            asked["method"], asked["path"], body, content_type=asked["contentType"] or "application/json",
            headers=headers, token=token,
        )  # fmt: skip
        self._learn(exchange["response"]["body"], answer.body)
        return answer

    def settled(
        self, exchange: Exchange, problems: Callable[[Answer], list[str]]
    ) -> tuple[Answer, list[str]]:
        """Send; a read is repeated until it agrees or the time is over, for controllers need their time."""
        end = time.monotonic() + WAIT_SECONDS
        while True:
            answer = self.send(exchange)
            found = problems(answer)
            if not found or exchange["request"]["method"] != "GET" or time.monotonic() > end:
                return answer, found
            time.sleep(0.05)

    def _learn(self, then: Any, now: Any) -> None:
        if isinstance(then, dict) and isinstance(now, dict):
            for key, value in then.items():
                if key in ("uid", "resourceVersion", "continue") and isinstance(now.get(key), str):
                    self._known[value] = now[key]
                else:
                    self._learn(value, now.get(key))
        elif isinstance(then, list) and isinstance(now, list):
            for old, new in zip(then, now, strict=False):
                self._learn(old, new)

    def _translated(self, body: Any) -> Any:
        if isinstance(body, dict):
            return {key: self._translated(value) for key, value in body.items()}
        if isinstance(body, list):
            return [self._translated(each) for each in body]
        return self._known.get(body, body) if isinstance(body, str) else body


def differences(then: Any, now: Any, path: str = "") -> list[str]:
    """Where `now` is not what was recorded; values of a cluster's own need only be there."""
    if isinstance(then, dict):
        if not isinstance(now, dict):
            return [f"{path}: {_short(then)} became {_short(now)}"]
        then, now = ({_own_text(key): each for key, each in value.items()} for value in (then, now))
        found = [f"{path}.{key} is new: {_short(now[key])}" for key in now if key not in then]
        for key, value in then.items():
            if key not in now:
                found.append(f"{path}.{key} is missing (was {_short(value)})")
            elif key in _OWN:
                found += [] if type(value) is type(now[key]) else [f"{path}.{key}: {value} became {now[key]}"]
            else:
                found += differences(value, now[key], f"{path}.{key}")
        return found
    if isinstance(then, list):
        return _list_differences(then, now, path)
    if isinstance(then, str) and isinstance(now, str):
        return [] if _own_text(then) == _own_text(now) else [f"{path}: {then!r} became {now!r}"]
    return [] if then == now else [f"{path}: {then!r} became {now!r}"]


def _list_differences(then: list[Any], now: Any, path: str) -> list[str]:
    if not isinstance(now, list):
        return [f"{path}: {_short(then)} became {_short(now)}"]
    cut = MORE in then
    then = [each for each in then if each != MORE]
    if cut:
        now = _matching(then, now)
    if path.endswith(".managedFields"):
        # ordered by the second in which they were written
        then, now = sorted(then, key=_manager), sorted(now, key=_manager)
    found = [] if len(then) == len(now) else [f"{path}: {len(then)} items became {len(now)}"]
    for index, (old, new) in enumerate(zip(then, now, strict=False)):
        found += differences(old, new, f"{path}[{index}]")
    return found


def _manager(entry: dict[str, Any]) -> tuple[str, str, str]:
    """Controllers and nodes last, whatever they are called."""
    name = entry["manager"]
    name = {"OpenAPI-Generator": "~node", "kcm": "~", "kube-controller-manager": "~", "kubelet": "~node"}.get(
        name, name
    )
    return entry["operation"], name, entry.get("subresource", "")


def _matching(then: list[Any], now: list[Any]) -> list[Any]:
    """Of a list that was cut short: its items by name, in the recorded order."""

    def name(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return value.get("name") or (value.get("metadata") or {}).get("name")

    names = [name(each) for each in now]
    if then and isinstance(then[0], dict) and name(then[0]) in names:
        return [each for old in then for each in now if name(each) == name(old)]
    if then and isinstance(then[0], dict) and "metadata" in then[0]:
        # generated names: what comes closest
        return [min(now, key=lambda each: len(differences(old, each))) for old in then if now]
    return now[: len(then)]


def _own_text(text: str) -> str:
    """Without what is random or a matter of time."""
    for pattern, same in (
        (_UID, "<uid>"),
        (_TIME, "<time>"),
        (_AGE, "<age>"),
        (_GENERATED, "gen-<suffix>"),
        (_COMPACTED, r"\1"),
    ):
        text = pattern.sub(same, text)
    return text


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) < 200 else f"{text[:200]}…"
