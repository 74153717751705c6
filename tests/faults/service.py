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
    application: str = APPLICATION

    @property
    def namespace(self) -> str:
        return f"{self.application}-dev"

    @classmethod
    def new(cls, stack: Stack, test: str, application: str = APPLICATION) -> Service:
        """In the namespace that it shares with others, which is made when it is not there yet."""
        short = re.sub(r"[^a-z0-9]+", "-", test.lower().removeprefix("test_"))[:30].strip("-")
        service = cls(stack, f"{short}-{uuid.uuid4().hex[:6]}", application=application)
        wish = {"application": application, "environment": "dev", "offering": "namespace", "plan": "large"}
        if not stack.sql("SELECT 1 FROM lifecycle_serviceinstance WHERE name = %s", service.namespace):
            service.succeeded(stack.alice.ask(wish, key=f"namespace-{uuid.uuid4()}"))
        return service

    def create(self, **values: Any) -> dict[str, Any]:
        """Ask for it; the change as acknowledged. `hookSeconds` is how long its helm takes."""
        change = self.stack.alice.ask(self.wish(**values), key=str(uuid.uuid4()))
        self.instance = change["instance"]
        return change

    def wish(self, **values: Any) -> dict[str, Any]:
        """What is asked for with `create`."""
        wish = {"application": self.application, "environment": "dev", "offering": "hooked"}
        return {**wish, "name": self.name, "version": "1.0.0", "values": self._values(values)}

    def created(self, **values: Any) -> dict[str, Any]:
        """Ask for it, and wait until it runs."""
        return self.succeeded(self.create(**values))

    def update(self, **values: Any) -> dict[str, Any]:
        """Ask for other values; the change as acknowledged."""
        return self.stack.alice.ask(self.wish_for_update(**values), key=str(uuid.uuid4()))

    def wish_for_update(self, **values: Any) -> dict[str, Any]:
        """What is asked for with `update`."""
        return {"kind": "update", "instance": self.instance, "values": self._values(values)}

    def succeeded(self, change: dict[str, Any], *, seconds: float = 120) -> dict[str, Any]:
        """Wait for its end, which has to be the good one."""
        ended = self.stack.alice.follow(change, seconds=seconds)
        assert ended["state"] == "succeeded", (ended["state"], ended["outcome"])
        return ended

    def await_helm(self, *, seconds: float = 60) -> list[int]:
        """Wait until helm has begun to write this service's newest release; the helms under way."""
        return self.stack.await_pending(self.namespace, self.name, seconds=seconds)

    def records(self) -> list[HelmRecord]:
        """What helm keeps of it, oldest first."""
        found = [each for each in self.stack.cluster.records(self.namespace) if each.release == self.name]
        return sorted(found, key=lambda each: each.revision)

    def text(self) -> str:
        """What runs now, by the live object that every change writes."""
        path = f"/api/v1/namespaces/{self.namespace}/configmaps/{self.name}-text"
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
            "SELECT action FROM audit_auditevent WHERE object_type = 'ChangeRequest' AND object_id = %s"
            " ORDER BY at, id"
        )
        return [row["action"] for row in self.stack.sql(query, str(change["id"]))]

    def log(self, change: dict[str, Any]) -> str:
        """What the portal's pages show of all attempts."""
        query = (
            "SELECT text FROM lifecycle_logline WHERE rollout_id IN"
            " (SELECT id FROM lifecycle_rollout WHERE change_id = %s) ORDER BY id"
        )
        return "\n".join(row["text"] for row in self.stack.sql(query, change["id"]))

    def proved(self, change: dict[str, Any], text: str, *, attempts: list[str] | None = None) -> None:
        """It ended well, exactly once: in its row, in the trail, in helm's history and in the cluster."""
        ended = self.succeeded(change)
        assert self.text() == text
        records, number = self.records(), ended["id"]
        assert [each.revision for each in records if each.status == "deployed"] == [records[-1].revision]
        applied = [each for each in records if each.description.endswith(f" by change {number}")]
        finished = [each for each in applied if each.status in {"deployed", "superseded"}]
        assert finished == [records[-1]], [(each.revision, each.status, each.description) for each in records]
        events = self.events(change)
        assert (events.count("change.requested"), events.count("change.succeeded")) == (1, 1), events
        outcomes = [each["outcome"] for each in self.rollouts(change)]
        assert outcomes.count("succeeded") == 1
        assert attempts is None or outcomes == attempts

    def _values(self, values: dict[str, Any]) -> dict[str, Any]:
        return {"text": f"text-{uuid.uuid4().hex[:8]}", **values}
