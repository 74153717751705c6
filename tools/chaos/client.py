"""The REST API as a careful client uses it: one Idempotency-Key a wish, asked again until it is answered."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from tools.chaos.waiting import NotInTime

SECONDS = 15.0
ENDED = {"succeeded", "failed", "denied", "rejected", "cancelled", "expired", "superseded"}


class NoAnswer(Exception):
    """The portal could not be reached, or hung up: whether it has done anything is not known."""


class Refused(AssertionError):
    """An answer that asking again would not change."""

    def __init__(self, method: str, path: str, status: int, body: Any) -> None:
        super().__init__(f"{method} {path}: {status} {json.dumps(body)[:1000]}")
        self.status = status
        self.body = body


@dataclass(frozen=True)
class Reply:
    status: int
    body: Any
    retry_after: float


@dataclass(frozen=True)
class Client:
    """One person with a token. Holds no connection; any number of threads may use it."""

    name: str
    token: str
    url: str

    def once(self, method: str, path: str, body: Mapping[str, Any] | None = None, *, key: str = "") -> Reply:
        """One request, whatever the answer. Raises NoAnswer."""
        portal = urlsplit(self.url)
        connection = http.client.HTTPConnection(portal.hostname or "", portal.port, timeout=SECONDS)
        headers = {"Authorization": f"Token {self.token}", "Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        try:
            text = None if body is None else json.dumps(body)
            connection.request(method, urljoin("/api/v1/", path), text, headers)
            response = connection.getresponse()
            raw = response.read()
            later = response.headers.get("Retry-After", "")
            return Reply(response.status, _parsed(raw), float(later) if later.isdigit() else 0.0)
        except (OSError, http.client.HTTPException) as lost:
            raise NoAnswer(f"{method} {path}: {lost!r}") from lost
        finally:
            connection.close()

    def insist(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        key: str = "",
        seconds: float = 90,
    ) -> Any:
        """Ask until it is answered with success. Raises Refused for what is the client's fault, NotInTime."""
        end, pause = time.monotonic() + seconds, 0.2
        while True:
            try:
                reply = self.once(method, path, body, key=key)
                if reply.status < 400:
                    return reply.body
                if reply.status < 500 and reply.status != 429:
                    raise Refused(method, path, reply.status, reply.body)
                said = f"{reply.status} {json.dumps(reply.body)[:500]}"
            except NoAnswer as lost:
                said = str(lost)
            if time.monotonic() > end:
                raise NotInTime(f"no answer within {seconds:g} s, last: {said}")
            time.sleep(pause)
            pause = min(pause * 1.5, 2.0)

    def get(self, path: str, **query: str) -> Any:
        return self.insist("GET", f"{path}?{urlencode(query)}" if query else path)

    def ask(self, wish: Mapping[str, Any], *, key: str, seconds: float = 90) -> dict[str, Any]:
        """Ask for a change, under one key until it is acknowledged."""
        change: dict[str, Any] = self.insist("POST", "changes/", wish, key=key, seconds=seconds)
        return change

    def follow(self, change: Mapping[str, Any] | int, *, seconds: float = 120) -> dict[str, Any]:
        """Read a change until it has ended, however. Raises NotInTime."""
        number = change if isinstance(change, int) else int(change["id"])
        end = time.monotonic() + seconds
        while True:
            found: dict[str, Any] = self.get(f"changes/{number}/")
            if found["state"] in ENDED:
                return found
            if time.monotonic() > end:
                shown = {name: found.get(name) for name in ("state", "phase", "waiting_on", "outcome")}
                raise NotInTime(f"change {number} has not ended within {seconds:g} s: {json.dumps(shown)}")
            time.sleep(0.2)


def _parsed(raw: bytes) -> Any:
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return raw.decode(errors="replace")
