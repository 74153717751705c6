"""Proving the trail in the background, over and over, a bounded step at a time; and how it stands."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction

from portal.accounts.models import User
from portal.accounts.roles import PLATFORM_TABLE, Verb
from portal.audit import checkpoints, keys, lanes, reading
from portal.audit.judging import GENESIS, Fault, LaneWalk
from portal.audit.models import VerificationPass
from portal.audit.notifying import notify
from portal.audit.recording import record
from portal.audit.trail import TRAIL
from portal.audit.verifying import Verification, verify
from portal.core import clock

STEP_SECONDS, STEP = 10.0, 5000
# between passes, so that the proof costs a sixth of one worker's time at the most
PAUSE, PAUSE_FACTOR = timedelta(seconds=50), 5
KEPT = 50
# as many as a request may wait for
AT_ONCE = 20_000


@dataclass(frozen=True)
class Standing:
    """What is known of the trail: the last pass that ended, the one under way, the last checkpoint."""

    finished: VerificationPass | None
    current: VerificationPass | None
    checkpoint: dict[str, Any] | None

    @property
    def fault(self) -> Fault | None:
        return self.finished.found if self.finished else None


def standing() -> Standing:
    """One query and a look into the checkpoints' file."""
    newest = [each for each in VerificationPass.objects.all()[:3] if is_ours(each)]
    finished = next((each for each in newest if each.finished_at), None)
    current = newest[0] if newest and not newest[0].finished_at else None
    return Standing(finished, current, checkpoints.latest())


def is_ours(row: VerificationPass) -> bool:
    return keys.signed_by_one_of(row.statement(), row.signature, keys.trusted())


def step(seconds: float = STEP_SECONDS) -> VerificationPass | None:
    """Go on with the pass under way, or begin one if it is time; None: not yet."""
    row = _newest()
    if row is None:
        row = _begin()
    elif row.finished_at:
        if clock.now() < row.finished_at + max(PAUSE, PAUSE_FACTOR * timedelta(seconds=row.seconds)):
            return None
        row = _begin()
    moved_at = row.moved_at
    _advance(row, seconds)
    _save(row, moved_at)
    return row


def _newest() -> VerificationPass | None:
    """Rows that somebody else wrote are taken away on the way."""
    for row in VerificationPass.objects.all()[:KEPT]:
        if is_ours(row):
            return row
        row.delete()
    return None


def _begin() -> VerificationPass:
    now = clock.now()
    goal = {str(lane): sequence for lane, (sequence, _) in sorted(lanes.ends().items())}
    row = VerificationPass(started_at=now, moved_at=now, goal=goal)
    row.signature = keys.sign(row.statement())
    row.save(force_insert=True)
    return row


def _advance(row: VerificationPass, seconds: float) -> None:
    """Walk on, until the goal, a fault, or the end of the time; one step at least."""
    began, before = time.monotonic(), row.checked
    last = checkpoints.latest()
    fault = checkpoints.contradicted(last) if last else None
    for lane, goal in row.goal.items():
        sequence, digest = row.reached.get(lane, (0, GENESIS))
        while fault is None and sequence < goal:
            if row.checked > before and time.monotonic() - began > seconds:
                break
            upto = min(sequence + STEP, goal)
            outcome, state = _walk(int(lane), sequence, digest, upto)
            fault, row.checked = outcome.fault, row.checked + outcome.checked
            sequence, digest = state.sequence, state.previous or digest
            row.reached[lane] = [sequence, digest]
    row.seconds += time.monotonic() - began
    row.fault = asdict(fault) if fault else None
    if fault or all(row.reached.get(lane, [0])[0] >= goal for lane, goal in row.goal.items()):
        row.finished_at = clock.now()


def _walk(lane: int, after: int, digest: str, upto: int) -> tuple[Verification, LaneWalk]:
    state, checked = LaneWalk(lane, after, digest), 0
    for found in reading.records(lane, after or None, upto):
        fault = state.judge(found)
        if fault:
            return Verification(checked, fault), state
        checked += 1
    fault = state.missing(state.sequence + 1, upto) if state.sequence < upto else None
    return Verification(checked, fault), state


def _save(row: VerificationPass, moved_at: Any) -> None:
    """Unless another worker has moved it meanwhile, who then has found the same."""
    row.moved_at = clock.now()
    row.signature = keys.sign(row.statement())
    names = ("moved_at", "finished_at", "seconds", "checked", "reached", "fault", "signature")
    values = {name: getattr(row, name) for name in names}
    with transaction.atomic():
        moved = VerificationPass.objects.filter(pk=row.pk, moved_at=moved_at).update(**values)
        if moved and row.found:
            alarm(row.found)
        if moved and row.finished_at:
            old = VerificationPass.objects.filter(fault=None).values_list("pk", flat=True)[KEPT:]
            VerificationPass.objects.filter(pk__in=list(old)).delete()


def alarm(fault: Fault) -> None:
    """Tell everybody who reads the whole trail, once for each fault, and write it down."""
    readers = [role for role, verbs in PLATFORM_TABLE.items() if Verb.AUDIT in verbs]
    people = User.objects.filter(platform_roles__role__in=readers, is_active=True).distinct()
    place = "" if fault.lane is None else f" at lane {fault.lane}, record {fault.sequence}"
    fresh = notify(
        people,
        topic="audit.broken",
        text=f"The audit trail does not add up{place}: {fault.problem}",
        url="/audit/",
        key=f"audit broken {fault.kind} {fault.lane} {fault.sequence} {fault.event_id}",
        urgent=True,
    )
    if fresh:
        record("audit.broken", TRAIL, actor=None, after=asdict(fault))


@dataclass(frozen=True)
class Look:
    """What a request can find out by itself, with what the background has found out before.

    `checked`: walked just now; `unchecked`: neither walked now nor by the last pass.
    """

    outcome: Verification
    unchecked: int
    last: VerificationPass | None


def look(at_once: int = AT_ONCE) -> Look:
    """All of a short trail; of a long one what is newer than the last pass, as far as `at_once` goes."""
    last = checkpoints.latest()
    fault = checkpoints.contradicted(last) if last else None
    finished = standing().finished
    ends = lanes.ends()
    total = sum(sequence for sequence, _ in ends.values())
    if fault or (finished and finished.found and total > at_once):
        known = fault or (finished and finished.found) or None
        return Look(Verification(0, known, complete=False), total, finished)
    if total <= at_once:
        return Look(verify(processes=1), 0, finished)
    checked, proven = 0, finished.checked if finished else 0
    for lane, (end, _) in sorted(ends.items()):
        sequence, digest = (finished.reached if finished else {}).get(str(lane), (0, GENESIS))
        upto = min(end, sequence + at_once - checked)
        outcome, _ = _walk(lane, sequence, digest, upto)
        checked += outcome.checked
        if outcome.fault:
            return Look(Verification(checked, outcome.fault, complete=False), 0, finished)
    return Look(Verification(checked, complete=False), total - proven - checked, finished)
