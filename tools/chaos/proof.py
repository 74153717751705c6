"""Whether nothing was lost and nothing done twice, from the cluster, the rows and the audit trail.

Applied twice means: of one change, helm came to the end of more than one revision of its goal (or of its way
back), which the descriptions tell that the portal gives them; or a hook ran for a goal more often than the
portal had begun attempts at it, each of which is written down before helm starts. An attempt that was lost
before it came to its end may be made again, and its hook with it: no more than that is allowed.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import Any

from portal.clusters.manifests import parse_manifest
from portal.core.digests import digest_of
from tools.chaos.cluster import HelmRecord
from tools.chaos.ledger import Ledger
from tools.chaos.stack import Stack
from tools.chaos.witness import Witness

ENDS = {"succeeded", "failed"}
# what the trail says of a change that moves it, and what may come after it
MOVES = {
    "": {"change.requested"},
    "change.requested": {"change.queued"},
    "change.queued": {"change.started"},
    "change.started": {"change.succeeded", "change.failed"},
    "change.succeeded": set(),
    "change.failed": set(),
}
_BY = re.compile(r"^release #(\d+) ([0-9a-f]{12}) (by|back by) change (\d+)$")
_SHORT = 12
_INSTANCES = """
SELECT i.id, i.name, i.retired_at, r.id AS release_id, r.number, r.digest, r.objects_digest,
       (SELECT target FROM lifecycle_release t WHERE t.instance_id = i.id ORDER BY t.id LIMIT 1) AS target
FROM lifecycle_serviceinstance i LEFT JOIN lifecycle_release r ON r.id = i.current_release_id ORDER BY i.id
"""


class Proof:
    """Each check yields what is wrong, in sentences; none of them changes anything."""

    def __init__(self, stack: Stack, ledger: Ledger, witness: Witness) -> None:
        self._stack, self._ledger, self._witness = stack, ledger, witness
        rows = stack.sql("SELECT * FROM lifecycle_changerequest ORDER BY id")
        self._changes = {row["id"]: row for row in rows}
        self._records: dict[tuple[str, str], list[HelmRecord]] = defaultdict(list)
        for record in sorted(stack.cluster.records(), key=lambda each: each.revision):
            self._records[record.namespace, record.release].append(record)
        self._instances = stack.sql(_INSTANCES)

    def checks(self) -> dict[str, Callable[[], Iterator[str]]]:
        """By what each proves."""
        return {
            "every acknowledged change exists, one for each key": self.nothing_lost,
            "every change is in one end state, and nobody holds it": self.ended,
            "the trail of every change is a legal walk with one end": self.walks,
            "the audit chain is intact": self.chain,
            "no change was applied twice": self.applied_once,
            "no hook ran more often than attempts were begun": self.hooks,
            "what helm deployed last is the current release, exactly as sealed": self.releases,
            "live objects are those of the release": self.live,
            "nothing is in the cluster that the portal does not know": self.strangers,
            "no attempt is left open": self.attempts,
        }

    def nothing_lost(self) -> Iterator[str]:
        for entry in self._ledger.entries:
            if entry.trouble:
                yield f"{entry.kind} under {entry.key}: {entry.trouble}"
        for entry in self._ledger.acknowledged:
            if entry.change not in self._changes:
                yield f"change {entry.change} was acknowledged under {entry.key} and does not exist"
        rows = self._stack.sql("SELECT key, change_id FROM lifecycle_idempotencyrecord")
        known = {row["key"]: row["change_id"] for row in rows}
        for entry in self._ledger.acknowledged:
            if known.get(entry.key) != entry.change:
                yield f"{entry.key} stands for change {known.get(entry.key)}, acknowledged was {entry.change}"
        keyed = Counter(entry.key for entry in self._ledger.entries)
        asked = {entry.change for entry in self._ledger.acknowledged}
        for number in set(self._changes) - asked - {known.get(key) for key in keyed}:
            yield f"nobody has asked for change {number}"
        if len(known) != len(set(known.values())):
            yield "two keys stand for one change"

    def ended(self) -> Iterator[str]:
        told = {entry.change: entry.end for entry in self._ledger.acknowledged}
        for number, row in self._changes.items():
            if row["state"] not in ENDS:
                yield f"change {number} is {row['state']} ({row['phase']}): {row['outcome']}"
            if row["lease_owner"] or row["lease_expires_at"]:
                yield f"change {number} has ended, and {row['lease_owner']} holds its lease"
            if told.get(number) and told[number] != row["state"]:
                yield f"change {number} was told to be {told[number]} and is {row['state']}"

    def walks(self) -> Iterator[str]:
        query = (
            "SELECT object_id, action FROM audit_auditevent WHERE object_type = 'ChangeRequest'"
            " AND action LIKE 'change.%%' ORDER BY at, id"
        )
        trails: dict[int, list[str]] = defaultdict(list)
        for row in self._stack.sql(query):
            if row["action"] in MOVES:
                trails[int(row["object_id"])].append(row["action"])
        for number, row in self._changes.items():
            place, trail = "", trails[number]
            for action in trail:
                if action not in MOVES[place]:
                    yield f"change {number}: {action} after {place or 'nothing'} in {trail}"
                place = action
            if place != f"change.{row['state']}":
                yield f"change {number} is {row['state']}, its trail is {trail}"

    def chain(self) -> Iterator[str]:
        done = self._stack.manage("audit", "verify")
        if done.returncode:
            yield f"audit verify ended with {done.returncode}: {done.stdout.strip()[-500:]}"

    def applied_once(self) -> Iterator[str]:
        times: Counter[tuple[str, int]] = Counter()
        for seen in self._witness.revisions.values():
            found = _BY.match(seen.description)
            if found and seen.completed:
                times[found[3], int(found[4])] += 1
        for (way, number), count in sorted(times.items()):
            if count > 1:
                what = "was applied" if way == "by" else "was taken back"
                yield f"change {number} {what} {count} times"

    def hooks(self) -> Iterator[str]:
        texts = {row["id"]: self._text(row["id"]) for row in self._changes.values()}
        releases = {row["release_id"]: texts[row["id"]] for row in self._changes.values() if texts[row["id"]]}
        begun: Counter[str] = Counter()
        for row in self._stack.sql("SELECT release_id FROM lifecycle_rollout WHERE release_id IS NOT NULL"):
            begun[releases.get(row["release_id"], "")] += 1
        for text, jobs in sorted(self._witness.hooks.items()):
            if len(jobs) > begun[text]:
                yield f"the hook of {text} ran {len(jobs)} times in {begun[text]} attempts"

    def _text(self, change: int) -> str:
        return self._ledger.texts().get(change, "")

    def releases(self) -> Iterator[str]:
        for instance in self._instances:
            where = _where(instance["target"])
            records = self._records.get(where, [])
            if instance["retired_at"] or instance["release_id"] is None:
                if records:
                    yield f"{instance['name']} should be absent; helm has {_shown(records)}"
                continue
            if not records or records[-1].status != "deployed":
                yield f"{instance['name']}: helm's newest is not deployed: {_shown(records)}"
                continue
            yield from self._as_sealed(instance, records[-1])

    def _as_sealed(self, instance: dict[str, Any], newest: HelmRecord) -> Iterator[str]:
        documents = parse_manifest(newest.manifest + newest.hooks)
        digest = digest_of(sorted(digest_of(document) for document in documents))
        if digest != instance["objects_digest"]:
            yield f"{instance['name']}: revision {newest.revision} is not what #{instance['number']} seals"
        short = instance["digest"].removeprefix("sha256:")[:_SHORT]
        found = _BY.match(newest.description)
        if found and (int(found[1]), found[2]) != (instance["number"], short):
            yield f"{instance['name']} runs {newest.description}; it should be #{instance['number']} {short}"

    def live(self) -> Iterator[str]:
        cluster = self._stack.cluster
        for instance in self._instances:
            where = _where(instance["target"])
            if instance["retired_at"] or instance["release_id"] is None or where not in self._records:
                continue
            command = [str(cluster.programs / "kubectl"), "--kubeconfig", str(cluster.kubeconfig), "diff"]
            # another manager than helm: what helm adds to each object by itself is no difference
            command += ["--server-side", "--force-conflicts", "--field-manager", "proof"]
            done = subprocess.run(
                [*command, "-f", "-"],
                input=self._records[where][-1].manifest,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            if done.returncode:
                yield f"{instance['name']}: live objects differ: {(done.stdout or done.stderr)[:400]}"

    def strangers(self) -> Iterator[str]:
        known = {_where(instance["target"]) for instance in self._instances}
        for where in set(self._records) - known:
            yield f"helm has {where[1]} in {where[0]}, which is no instance"
        gone = {_where(each["target"]) for each in self._instances if not _runs(each)}
        for namespace, release in gone:
            selector = f"app.kubernetes.io/instance={release}"
            words = ("get", "deployments,configmaps", "-n", namespace, "-l", selector, "-o", "name")
            left = self._stack.cluster.kubectl(*words).split()
            if left:
                yield f"{release} is retired; left in {namespace}: {', '.join(left)}"

    def attempts(self) -> Iterator[str]:
        for row in self._stack.sql("SELECT * FROM lifecycle_rollout WHERE outcome = 'running'"):
            yield f"attempt {row['id']} at change {row['change_id']} is still open"


def left_over(stack: Stack) -> Iterator[str]:
    """Of what works: stopped as for an update of the portal, nothing of it may be alive."""
    names = [name for name in stack.children if name not in ("valkey", "sandbox")]
    for name in names:
        stack.stop(name)
    kept = {pid for name in ("valkey", "sandbox", "database") for pid in stack.pids(name)}
    for pid, command in stack.processes().items():
        if pid not in kept:
            yield f"process {pid} is left: {command[:150]}"


def _where(target: Any) -> tuple[str, str]:
    found = json.loads(target) if isinstance(target, str) else target or {}
    return str(found.get("namespace")), str(found.get("release"))


def _runs(instance: dict[str, Any]) -> bool:
    return not instance["retired_at"] and instance["release_id"] is not None


def _shown(records: list[HelmRecord]) -> str:
    return ", ".join(f"{each.revision} {each.status} ({each.description})" for each in records) or "nothing"
