"""Signed statements of how far each lane had come, kept outside of the database.

A chain alone shows what was changed within it; that its end was cut off, or that all of it was written anew,
shows against these. One JSON object a line; each carries the digest of the one before.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.conf import settings

from portal.audit import keys, lanes, reading
from portal.audit.judging import Anchor, Fault
from portal.core import clock
from portal.core.digests import digest_of

log = structlog.get_logger(__name__)

# anchors kept of each lane; beyond, every second one is let go, never the last
MOST_ANCHORS = 4096
TAIL = 1 << 16


class CheckpointRefused(Exception):
    """The trail is not what the last checkpoint saw, so no further one is signed."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        super().__init__(str(fault))


def file() -> Path:
    return Path(settings.SLIPWAY_AUDIT_CHECKPOINTS)


def take() -> dict[str, Any] | None:
    """Sign where every lane ends now, and append it; None when nothing was written since the last one.

    Raises CheckpointRefused, and OSError where the file cannot be written.
    """
    path = file()
    path.parent.mkdir(parents=True, exist_ok=True)
    with _locked(path) as opened:
        last = _last(opened)
        ends = lanes.ends()
        stands = {str(lane): [sequence, digest] for lane, (sequence, digest) in sorted(ends.items())}
        if stands == (last["lanes"] if last else {}):
            return None
        fault = last and contradicted(last)
        if fault:
            raise CheckpointRefused(fault)
        made = _signed(stands, last)
        opened.write(json.dumps(made, separators=(",", ":")) + "\n")
        opened.flush()
        os.fsync(opened.fileno())
    log.info("audit_checkpoint", checkpoint=made)
    return made


def _signed(stands: Mapping[str, list[Any]], last: Mapping[str, Any] | None) -> dict[str, Any]:
    key = keys.signing_key()
    content = {
        "number": last["number"] + 1 if last else 1,
        "at": clock.now().isoformat(timespec="microseconds"),
        "lanes": stands,
        "total": sum(sequence for sequence, _ in stands.values()),
        "previous": digest_of(last) if last else None,
        "key": keys.id_of(key.public_key()),
    }
    return {**content, "signature": keys.sign(content, key)}


def latest() -> dict[str, Any] | None:
    """The last checkpoint of the file, unread otherwise; None where there is none."""
    try:
        with file().open("r+") as opened:
            return _last(opened, repair=False)
    except FileNotFoundError:
        return None


def contradicted(checkpoint: Mapping[str, Any]) -> Fault | None:
    """What the database has lost or changed at the ends that this checkpoint saw: one look for each lane."""
    for lane, (sequence, digest) in sorted(checkpoint["lanes"].items(), key=lambda each: int(each[0])):
        found = reading.hash_at(int(lane), sequence)
        if found == digest:
            continue
        kind, problem = (
            ("cut off", f"Checkpoint {checkpoint['number']} saw this record, and it is gone.")
            if found is None
            else ("rewritten", f"Checkpoint {checkpoint['number']} saw another record here.")
        )
        return Fault(kind, int(lane), sequence, problem)
    return None


@contextmanager
def _locked(path: Path) -> Iterator[IO[str]]:
    with path.open("a+") as opened:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield opened


def _last(opened: IO[str], *, repair: bool = True) -> dict[str, Any] | None:
    """The last whole line. A line that a crash left without its end was never a checkpoint: it is cut off."""
    size = opened.seek(0, os.SEEK_END)
    window, text = TAIL, ""
    while True:
        begin = max(0, size - window)
        text = os.pread(opened.fileno(), size - begin, begin).decode(errors="replace")
        whole = text[: text.rfind("\n") + 1]
        if begin == 0 or whole.count("\n") > 1:
            break
        window *= 4
    if repair and len(whole) < len(text):
        opened.truncate(begin + len(whole.encode()))
        opened.seek(0, os.SEEK_END)
    lines = whole.splitlines()
    return json.loads(lines[-1]) if lines else None


@dataclass
class Read:
    """What a file of checkpoints says: anchors by lane, or what is wrong with it."""

    anchors: dict[int, list[Anchor]] = field(default_factory=dict)
    count: int = 0
    first: int | None = None
    fault: Fault | None = None


def read(path: Path, trusted: Mapping[str, Ed25519PublicKey]) -> Read:
    """Check every signature and that none is missing between the first and the last. Raises OSError."""
    found, last = Read(), None
    with path.open() as lines:
        for line_number, line in enumerate(lines, 1):
            checkpoint, problem = _checked(line, last, trusted)
            if problem:
                found.fault = Fault("checkpoint", None, None, f"{path.name}, line {line_number}: {problem}")
                return found
            for lane, (sequence, digest) in checkpoint["lanes"].items():
                _keep(found.anchors.setdefault(int(lane), []), sequence, digest, checkpoint["number"])
            found.first = found.first or checkpoint["number"]
            found.count, last = found.count + 1, checkpoint
    return found


def _checked(line: str, last: Mapping[str, Any] | None, trusted: Mapping[str, Ed25519PublicKey]) -> Any:
    """The checkpoint, and what is wrong with it."""
    try:
        checkpoint = json.loads(line)
        content = {name: value for name, value in checkpoint.items() if name != "signature"}
        number, key = int(content["number"]), trusted.get(content["key"])
        if key is None:
            return None, f"checkpoint {number} is signed with the key {content['key']}, which is not trusted."
        if not keys.fits(content, checkpoint["signature"], key):
            return None, f"the signature of checkpoint {number} does not fit: it was altered."
        if last and (number != last["number"] + 1 or content["previous"] != digest_of(last)):
            return None, f"checkpoint {number} does not follow checkpoint {last['number']}."
    except (ValueError, KeyError, TypeError, AttributeError):
        return None, "this is no checkpoint."
    return checkpoint, None


def _keep(anchors: list[Anchor], sequence: int, digest: str, number: int) -> None:
    if anchors and anchors[-1].sequence == sequence and anchors[-1].hash == digest:
        return
    anchors.append(Anchor(sequence, digest, number))
    if len(anchors) > MOST_ANCHORS:
        del anchors[1:-1:2]
