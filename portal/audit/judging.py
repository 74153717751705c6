"""Whether a record is what was written, and at its place. Pure: an export is judged without a database.

docs/audit.md ("The record in bytes") defines the form that is hashed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from portal.core.digests import canonical, digest_of_bytes

GENESIS = "sha256:" + "0" * 64
# what the digest covers: always, and where it is not empty
FIELDS = (
    "id",
    "at",
    "action",
    "actor",
    "actor_name",
    "source",
    "request_id",
    "team",
    "object_type",
    "object_id",
    "object_label",
    "before",
    "after",
    "comment",
)
ON_BEHALF = ("on_behalf_of", "on_behalf_of_name")
# what can be wrong, as `Fault.kind`
KINDS = (
    ("content", "Its content was altered"),
    ("link", "Its link was altered"),
    ("missing", "It is missing"),
    ("foreign", "It does not belong there"),
    ("cut off", "The end was cut off"),
    ("rewritten", "It was written anew"),
    ("checkpoint", "A checkpoint is wrong"),
)
PLACE = ("lane", "sequence", "previous_hash", "digest", "hash")


@dataclass(slots=True)
class Record:
    """One record as it was read: its place, and what its digest covers."""

    lane: int
    sequence: int
    previous_hash: str
    digest: str
    hash: str
    content: dict[str, Any]


@dataclass(frozen=True)
class Anchor:
    """What a signed checkpoint says of one lane: which hash stood at which sequence."""

    sequence: int
    hash: str
    checkpoint: int


@dataclass(frozen=True)
class Fault:
    """What is wrong first, and where. `event_id`, `at` and `action` are as they stand there now; None where
    nothing stands."""

    kind: str
    lane: int | None
    sequence: int | None
    problem: str
    event_id: str | None = None
    at: str | None = None
    action: str | None = None

    def __str__(self) -> str:
        place = "" if self.lane is None else f"lane {self.lane}, record {self.sequence}"
        about = ", ".join(part for part in (self.event_id, self.at, self.action) if part)
        return f"{place}{f' ({about})' if about else ''}: {self.problem}".removeprefix(": ")


def content_digest(content: Mapping[str, Any]) -> str:
    return digest_of_bytes(canonical(content))


def link_hash(lane: int, sequence: int, previous: str, digest: str) -> str:
    """The canonical form of {digest, lane, previous, sequence}, hashed."""
    text = f'{{"digest":"{digest}","lane":{lane},"previous":"{previous}","sequence":{sequence}}}'
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def sparse(content: dict[str, Any]) -> dict[str, Any]:
    """Without on-behalf-of where there is nobody: records of before it was known have the same digest."""
    if content["on_behalf_of"] is None and content["on_behalf_of_name"] == "":
        del content["on_behalf_of"], content["on_behalf_of_name"]
    return content


def from_export(line: str) -> Record:
    """One line of an export. Raises ValueError for what is none."""
    found = json.loads(line)
    if not isinstance(found, dict) or not {*FIELDS, *PLACE} <= set(found):
        raise ValueError("This line is no record of an audit export.")
    if not isinstance(found["lane"], int) or not isinstance(found["sequence"], int):
        raise ValueError("lane and sequence must be whole numbers.")
    place = {name: found.pop(name) for name in PLACE}
    return Record(**place, content=found)


@dataclass
class LaneWalk:
    """Judges the records of one lane in their order; remembers no more than where it is.

    `previous` None: the record before the first one is somebody else's to judge.
    """

    lane: int
    sequence: int = 0
    previous: str | None = GENESIS
    anchors: Mapping[int, Anchor] = field(default_factory=dict)
    contiguous: bool = True  # False: a selection, in which records may be left out

    def judge(self, record: Record) -> Fault | None:
        """What is wrong with the record that comes next, or None."""
        expected = self.sequence + 1
        if record.sequence < expected:
            return self._fault("foreign", record, f"It does not belong here: record {expected} was next.")
        if record.sequence > expected:
            if self.contiguous:
                return self.missing(expected, record.sequence - 1)
            self.previous = None
        problem = self._problem(record)
        if problem is None:
            self.sequence, self.previous = record.sequence, record.hash
        return problem

    def _problem(self, record: Record) -> Fault | None:
        if content_digest(record.content) != record.digest:
            return self._fault("content", record, "Its content was altered.")
        previous = record.previous_hash if self.previous is None else self.previous
        fits = record.hash == link_hash(record.lane, record.sequence, previous, record.digest)
        if record.previous_hash != previous:
            told = "" if fits else " Another record stood here."
            return self._fault("link", record, f"It does not continue the record before it.{told}")
        if not fits:
            return self._fault("link", record, "Its link was altered, or another record stood here.")
        anchor = self.anchors.get(record.sequence)
        if anchor is not None and anchor.hash != record.hash:
            problem = f"Checkpoint {anchor.checkpoint} saw another record here: the lane was written anew."
            return self._fault("rewritten", record, problem)
        return None

    def missing(self, first: int, last: int) -> Fault:
        which = f"Record {first} is" if first == last else f"Records {first} to {last} are"
        return Fault("missing", self.lane, first, f"{which} missing.")

    def end(self) -> Fault | None:
        """What is wrong at the end of the lane: a checkpoint has seen it longer."""
        beyond = [anchor for anchor in self.anchors.values() if anchor.sequence > self.sequence]
        if not beyond:
            return None
        first, last = min(beyond, key=lambda each: each.checkpoint), max(each.sequence for each in beyond)
        problem = f"The lane is cut off: checkpoint {first.checkpoint} saw it go on, up to record {last}."
        return Fault("cut off", self.lane, self.sequence + 1, problem)

    def _fault(self, kind: str, record: Record, problem: str) -> Fault:
        content = record.content
        told = (content.get(name) for name in ("id", "at", "action"))
        about = (None if each is None else str(each) for each in told)
        return Fault(kind, record.lane, record.sequence, problem, *about)
