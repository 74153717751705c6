"""Threads that ask for what the lanes say, one change after another, whatever is being broken meanwhile."""

from __future__ import annotations

import threading
import time
from typing import Any

from tools.chaos.client import Client, Refused
from tools.chaos.ledger import Entry, Ledger
from tools.chaos.stack import Stack
from tools.chaos.waiting import NotInTime
from tools.chaos.wishes import ENVIRONMENT, OFFERING, PLACES, VERSIONS, Lane, Step

# longer than anything is down, on a machine that is busy with much else
ASKING_SECONDS = 600.0
FOLLOWING_SECONDS = 1200.0


class LaneClient:
    """Works through one lane."""

    def __init__(self, stack: Stack, lane: Lane, ledger: Ledger, seconds: float) -> None:
        self._client: Client = stack.people[lane.person]
        self._lane, self._ledger, self._seconds = lane, ledger, seconds
        self._instance = 0
        self._version = 0
        # release ids that have run, oldest first, with the text of each
        self._good: list[tuple[int, str]] = []

    def run(self) -> None:
        """To the end of the lane; what goes wrong is noted, and the next step taken."""
        for step in self._lane.steps:
            time.sleep(step.pause * self._seconds)
            kind = step.kind if self._good or step.kind == "create" else "create"
            kind = "update" if kind == "create" and self._good else kind
            entry = self._ledger.open(self._client.name, step.key, kind, step.text)
            try:
                self._take(step, kind, entry)
            except (Refused, NotInTime) as wrong:
                entry.trouble = str(wrong)

    def _take(self, step: Step, kind: str, entry: Entry) -> None:
        if kind == "retire":
            self._client.insist("POST", f"instances/{self._instance}/announce-retirement/", {})
        change = self._client.ask(self._wish(step, kind, entry), key=step.key, seconds=ASKING_SECONDS)
        entry.change = change["id"]
        again = self._client.ask(self._wish(step, kind, entry), key=step.key, seconds=ASKING_SECONDS)
        if again["id"] != change["id"]:
            entry.trouble = f"the key {step.key} gave change {change['id']}, then {again['id']}"
        ended = self._client.follow(change, seconds=FOLLOWING_SECONDS)
        entry.end, entry.outcome = ended["state"], ended["outcome"]
        self._learn(kind, entry, ended)

    def _wish(self, step: Step, kind: str, entry: Entry) -> dict[str, Any]:
        if kind == "create":
            self._name = f"i{self._lane.number}-{step.key.rpartition('-')[2]}"
            return {
                "application": self._lane.application,
                "environment": ENVIRONMENT,
                "offering": OFFERING,
                "name": self._name,
                "version": VERSIONS[0],
                "values": step.values,
            }
        common = {"instance": self._instance, "kind": kind}
        if kind in ("update", "broken"):
            return {**common, "kind": "update", "values": step.values}
        if kind == "upgrade" and self._version + 1 < len(VERSIONS):
            entry.text = self._good[-1][1]
            return {**common, "version": VERSIONS[self._version + 1]}
        if kind == "rollback" and len(self._good) > 1:
            release, entry.text = self._good[int(step.choice * (len(self._good) - 1))]
            return {**common, "release": release}
        if kind == "retire":
            entry.text = ""
            return {**common, "confirm": self._name}
        return {**common, "kind": "update", "values": step.values}

    def _learn(self, kind: str, entry: Entry, ended: dict[str, Any]) -> None:
        if ended["state"] != "succeeded":
            return
        if kind == "retire":
            self._good, self._version, self._instance = [], 0, 0
            return
        if kind == "upgrade" and ended["kind"] == "upgrade":
            self._version += 1
        if kind == "rollback" and ended["kind"] == "rollback":
            # what it went back to may be of the older version
            self._version = len(VERSIONS)
        self._instance = ended["instance"]
        self._good.append((ended["release"]["id"], entry.text))


def make_namespaces(stack: Stack, ledger: Ledger, seed: int) -> None:
    """Before anything is broken: a namespace for each application."""
    asked = []
    for person, application in PLACES:
        key = f"key-c{seed}-namespace-{application}"
        entry = ledger.open(person, key, "namespace", "")
        wish = {"application": application, "environment": ENVIRONMENT, "offering": "namespace"}
        entry.change = stack.people[person].ask({**wish, "plan": "large"}, key=key)["id"]
        asked.append(entry)
    for entry in asked:
        ended = stack.people[entry.person].follow(entry.change)
        entry.end, entry.outcome = ended["state"], ended["outcome"]


def start(stack: Stack, lanes: list[Lane], ledger: Ledger, seconds: float) -> list[threading.Thread]:
    """A thread for each lane."""
    threads = []
    for lane in lanes:
        client = LaneClient(stack, lane, ledger, seconds)
        thread = threading.Thread(target=client.run, name=f"lane-{lane.number}", daemon=True)
        thread.start()
        threads.append(thread)
    return threads
