"""A service whose rollouts take as long as a test wants, asked for over the REST API."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from typing import Any

from tools.chaos.cluster import HelmRecord
from tools.chaos.stack import Stack

APPLICATION, NAMESPACE = "storefront", "storefront-dev"


@dataclass
class Service:
    """One instance of the offering `hooked`; every change of it has a text of its own."""

    stack: Stack
    name: str
    instance: int = 0

    @classmethod
    def new(cls, stack: Stack, test: str) -> Service:
        """In the namespace that it shares with others, which is made when it is not there yet."""
        wish = {"application": APPLICATION, "environment": "dev", "offering": "namespace", "plan": "large"}
        if not stack.sql("SELECT 1 FROM lifecycle_serviceinstance WHERE name = %s", NAMESPACE):
            made = stack.alice.follow(stack.alice.ask(wish, key=f"namespace-{uuid.uuid4()}"))
            assert made["state"] == "succeeded", made["outcome"]
        short = re.sub(r"[^a-z0-9]+", "-", test.lower())[:30].strip("-")
        return cls(stack, f"{short}-{uuid.uuid4().hex[:6]}")

    def create(self, **values: Any) -> dict[str, Any]:
        """Ask for it; the change as acknowledged. `hookSeconds` is how long its helm takes."""
        wish = {"application": APPLICATION, "environment": "dev", "offering": "hooked", "name": self.name}
        change = self.stack.alice.ask(
            {**wish, "version": "1.0.0", "values": self._values(values)}, key=str(uuid.uuid4())
        )
        self.instance = change["instance"]
        return change

    def created(self, **values: Any) -> dict[str, Any]:
        """Ask for it, and wait until it runs."""
        return self.succeeded(self.create(**values))

    def update(self, **values: Any) -> dict[str, Any]:
        """Ask for other values; the change as acknowledged."""
        wish = {"kind": "update", "instance": self.instance, "values": self._values(values)}
        return self.stack.alice.ask(wish, key=str(uuid.uuid4()))

    def succeeded(self, change: dict[str, Any], *, seconds: float = 120) -> dict[str, Any]:
        """Wait for its end, which has to be the good one."""
        ended = self.stack.alice.follow(change, seconds=seconds)
        assert ended["state"] == "succeeded", (ended["state"], ended["outcome"])
        return ended

    def await_helm(self, *, seconds: float = 60) -> list[int]:
        """Wait until helm has begun to write this service's newest release; the helms under way."""
        return self.stack.await_pending(NAMESPACE, self.name, seconds=seconds)

    def records(self) -> list[HelmRecord]:
        """What helm keeps of it, oldest first."""
        found = [each for each in self.stack.cluster.records(NAMESPACE) if each.release == self.name]
        return sorted(found, key=lambda each: each.revision)

    def text(self) -> str:
        """What runs now, by the live object that every change writes."""
        path = f"/api/v1/namespaces/{NAMESPACE}/configmaps/{self.name}-text"
        found = self.stack.cluster.get(path)
        return str(found["data"]["text"]) if found else ""

    def rollouts(self, change: dict[str, Any]) -> list[dict[str, Any]]:
        """The attempts at a change, oldest first."""
        return self.stack.sql(
            "SELECT * FROM lifecycle_rollout WHERE change_id = %s ORDER BY id", change["id"]
        )

    def events(self, change: dict[str, Any]) -> list[str]:
        """What the audit trail says of a change, in order."""
        query = (
            "SELECT action FROM audit_auditevent WHERE object_type = 'changerequest' AND object_id = %s"
            " ORDER BY at, id"
        )
        return [row["action"] for row in self.stack.sql(query, str(change["id"]))]

    def _values(self, values: dict[str, Any]) -> dict[str, Any]:
        return {"text": f"text-{uuid.uuid4().hex[:8]}", **values}
