"""Proving the whole trail: every record of every lane, and what signed checkpoints say of them."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass
from itertools import groupby, pairwise

from django.db import connections

from portal.audit import lanes, reading
from portal.audit.judging import GENESIS, Anchor, Fault, LaneWalk, Record

Anchors = Mapping[int, Sequence[Anchor]]  # by lane
SEGMENT = 50_000


@dataclass(frozen=True)
class Verification:
    """Outcome of a walk. `fault` is None when all is well; `complete` says whether all of it was walked."""

    checked: int
    fault: Fault | None = None
    complete: bool = True

    @property
    def intact(self) -> bool:
        return self.fault is None


@dataclass(frozen=True)
class Segment:
    """A part of a lane that can be judged by itself: records behind `after`, up to `upto`."""

    lane: int
    after: int
    upto: int
    anchors: tuple[Anchor, ...]
    last: bool

    @property
    def size(self) -> int:
        return self.upto - self.after


def verify(anchors: Anchors | None = None, *, processes: int | None = None) -> Verification:
    """Walk all of the trail, and name the first record that does not fit: lanes in order, records in order.

    Long trails are walked by several processes, each with a connection of its own.
    """
    known = anchors or {}
    total = reading.count()
    segments = list(segments_of(lanes.ends(), known))
    workers = min(processes or os.cpu_count() or 1, len(segments))
    outcome = _parallel(segments, workers) if workers > 1 else _collect(map(walk, segments))
    if outcome.fault is None and outcome.checked < total and reading.count() > _counted(lanes.ends()):
        problem = "There are rows that belong to no lane, or stand twice at one place."
        return Verification(outcome.checked, Fault("foreign", None, None, problem))
    return outcome


def segments_of(
    ends: Mapping[int, tuple[int, str]], anchors: Anchors, size: int = SEGMENT
) -> Iterator[Segment]:
    for lane in sorted({*ends, *anchors}):
        end, known = ends.get(lane, (0, GENESIS))[0], tuple(anchors.get(lane, ()))
        bounds = [*range(0, end, size), end]
        pairs = list(pairwise(bounds)) or [(0, 0)]
        for after, upto in pairs:
            last = upto == end
            within = tuple(
                each for each in known if after < each.sequence and (last or each.sequence <= upto)
            )
            yield Segment(lane, after, upto, within, last)


def walk(segment: Segment) -> Verification:
    """Judge one segment, from the hash of the record before it, which the segment before it judges."""
    previous = reading.hash_at(segment.lane, segment.after) if segment.after else GENESIS
    anchors = {each.sequence: each for each in segment.anchors}
    state = LaneWalk(segment.lane, segment.after, previous, anchors)
    rows = reading.records(segment.lane, segment.after or None, segment.upto)
    outcome = judge(state, rows)
    if outcome.fault is None and state.sequence < segment.upto:
        return Verification(outcome.checked, state.missing(state.sequence + 1, segment.upto))
    return Verification(outcome.checked, outcome.fault or (state.end() if segment.last else None))


def judge(state: LaneWalk, rows: Iterable[Record]) -> Verification:
    checked = 0
    for record in rows:
        fault = state.judge(record)
        if fault is not None:
            return Verification(checked, fault)
        checked += 1
    return Verification(checked)


def verify_export(rows: Iterable[Record], anchors: Anchors, *, complete: bool) -> Verification:
    """The same of an export, which is in order of lane and sequence. In one that is not `complete`, records
    may be left out: each is judged by itself and with its neighbours, and tails are not judged."""
    checked, seen = 0, set()
    for lane, records in groupby(rows, key=lambda record: record.lane):
        if lane in seen:
            problem = "The export comes back to this lane: it is out of order."
            return Verification(checked, Fault("foreign", lane, None, problem))
        seen.add(lane)
        state = LaneWalk(lane, anchors=_by_sequence(anchors, lane), contiguous=complete)
        outcome = judge(state, records)
        checked += outcome.checked
        fault = outcome.fault or (state.end() if complete else None)
        if fault is not None:
            return Verification(checked, fault)
    for lane in sorted(set(anchors) - seen) if complete else ():
        fault = LaneWalk(lane, anchors=_by_sequence(anchors, lane)).end()
        if fault is not None:
            return Verification(checked, fault)
    return Verification(checked)


def _by_sequence(anchors: Anchors, lane: int) -> dict[int, Anchor]:
    return {each.sequence: each for each in anchors.get(lane, ())}


def _parallel(segments: list[Segment], workers: int) -> Verification:
    connections.close_all()  # a connection must not be shared with a child
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        return _collect(_in_order(pool, segments, workers * 2))


def _in_order(pool: Executor, segments: list[Segment], ahead: int) -> Iterator[Verification]:
    """Outcomes in the order of segments; a few are under way at once, so that a fault ends it soon."""
    waiting = [pool.submit(walk, segment) for segment in segments[:ahead]]
    for segment in segments[ahead:]:
        yield waiting.pop(0).result()
        waiting.append(pool.submit(walk, segment))
    for future in waiting:
        yield future.result()


def _collect(outcomes: Iterable[Verification]) -> Verification:
    checked = 0
    for outcome in outcomes:
        checked += outcome.checked
        if outcome.fault is not None:
            return Verification(checked, outcome.fault)
    return Verification(checked)


def _counted(ends: Mapping[int, tuple[int, str]]) -> int:
    return sum(sequence for sequence, _ in ends.values())
