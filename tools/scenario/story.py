"""What the steps of the main job share: who acts, on what, and how it is read back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tools import console
from tools.scenario.api import Person
from tools.scenario.cluster import Cluster, check

APPLICATION = "storefront"
DATABASE = "shop-db"
WEB = "shop-web"

Row = dict[str, Any]


@dataclass
class Story:
    """Who acts, where it is verified, and what later steps need from earlier ones."""

    alice: Person
    olga: Person
    oscar: Person
    pete: Person
    cluster: Cluster
    waiting: Row | None = None
    web_values: Mapping[str, Any] | None = None

    def instance(self, name: str, environment: str) -> Row | None:
        """The living instance of that name, as alice sees it."""
        rows = self.alice.every("instances/", application=APPLICATION, environment=environment)
        return next((row for row in rows if row["name"] == name and not row["retired_at"]), None)

    def ask(self, kind: str, **body: Any) -> Row:
        """Alice opens a change; the 201's body."""
        change: Row = self.alice.post("changes/", {"kind": kind, **body}).expect(201)
        waiting = f", waiting on {change['waiting_on']}" if change.get("waiting_on") else ""
        console.say(f"      change #{change['id']} {kind}: {change['state']}{waiting}")
        return change

    def finish(self, change: Row) -> Row:
        """Follow a change to its success."""
        done = self.alice.follow(change)
        console.say(f"      change #{done['id']} succeeded: {done.get('outcome', '')}")
        return done

    def approve(self, change: Row) -> None:
        """Olga approves exactly what was sealed."""
        seen = self.olga.get(f"changes/{change['id']}/")
        body = {"comment": "Looked at the diff and the verdicts.", "digest": seen["digest"]}
        self.olga.post(f"changes/{change['id']}/approve/", body).expect(200)

    def running_image(self, environment: str) -> str:
        """The image of the web service's pods, by the cluster's word; all of them must be ready."""
        namespace = f"{APPLICATION}-{environment}"
        self.cluster.kubectl("rollout", "status", f"deployment/{WEB}", "-n", namespace, "--timeout=60s")
        deployment = self.cluster.one("deployment", WEB, namespace)
        status, spec = deployment["status"], deployment["spec"]
        check(
            status.get("readyReplicas") == spec["replicas"],
            f"{spec['replicas']} of {spec['replicas']} pods ready",
        )
        return str(spec["template"]["spec"]["containers"][0]["image"])
