"""A small client of the REST API: one person with a token."""

from __future__ import annotations

import http.client
import json
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

SECONDS = 60.0
FINAL_STATES = {"succeeded", "failed", "denied", "rejected", "cancelled", "expired", "superseded"}


class StepFailed(Exception):
    """The portal or the cluster did not do what the scenario expects; the message says what was seen."""


@dataclass(frozen=True)
class Answer:
    """Status and parsed body."""

    status: int
    body: Any

    def expect(self, *statuses: int) -> Any:
        """The body, when the status is one of these; StepFailed otherwise."""
        if self.status not in statuses:
            shown = json.dumps(self.body, indent=2) if not isinstance(self.body, str) else self.body
            raise StepFailed(
                f"expected HTTP {' or '.join(map(str, statuses))}, got {self.status}: {shown[:1500]}"
            )
        return self.body


@dataclass(frozen=True)
class Person:
    """Somebody who calls the API with their own token."""

    name: str
    token: str
    url: str

    def get(self, path: str, **query: str) -> Any:
        """GET below /api/v1/; the body of a 200."""
        return self.call("GET", f"{path}?{urlencode(query)}" if query else path).expect(200)

    def every(self, path: str, **query: str) -> Iterator[dict[str, Any]]:
        """All rows of a paginated list."""
        page = self.get(path, **query)
        while True:
            yield from page["results"]
            if not page.get("next"):
                return
            page = self.call("GET", page["next"]).expect(200)

    def post(self, path: str, body: Mapping[str, Any]) -> Answer:
        """POST JSON with an idempotency key of its own."""
        return self.call("POST", path, body)

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Answer:
        """One request. StepFailed when the portal cannot be reached."""
        portal = urlsplit(self.url)
        connection = http.client.HTTPConnection(portal.hostname or "", portal.port, timeout=SECONDS)
        headers = {
            "Authorization": f"Token {self.token}",
            "Content-Type": "application/json",
            "Idempotency-Key": str(uuid.uuid4()),
        }
        try:
            connection.request(
                method,
                urljoin("/api/v1/", path),
                json.dumps(body) if body is not None else None,
                headers,
            )
            response = connection.getresponse()
            return Answer(response.status, _parse(response.read()))
        except (OSError, http.client.HTTPException) as unreachable:
            raise StepFailed(f"{method} {path} at {self.url}: {unreachable}") from unreachable
        finally:
            connection.close()

    def follow(
        self, change: dict[str, Any], *, until: str = "succeeded", seconds: float = 120
    ) -> dict[str, Any]:
        """Read the change until it is in state `until`. StepFailed when it ends otherwise or in time."""
        deadline = time.monotonic() + seconds
        while change["state"] != until:
            if change["state"] in FINAL_STATES or time.monotonic() > deadline:
                shown = {name: change.get(name) for name in ("state", "waiting_on", "outcome", "message")}
                raise StepFailed(f"change {change['id']} should be {until}: {json.dumps(shown)}")
            time.sleep(0.1)
            change = self.get(f"changes/{change['id']}/")
        return change


def _parse(raw: bytes) -> Any:
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return raw.decode(errors="replace")
