"""The evidence of a change, one line each: what it says, where from, how old, and whether it keeps the gate
shut."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from portal.core import clock
from portal.environments.schedules import schedule_of
from portal.lifecycle.models import ChangeRequest, Evidence
from portal.lifecycle.selectors import evidence, soak
from portal.lifecycle.selectors.evidence import KINDS, Lacking
from portal.web import wording

MEANING: Mapping[str, str] = {
    Evidence.Status.GOOD: "ready",
    Evidence.Status.NOTE: "waiting",
    Evidence.Status.BAD: "wrong",
    Evidence.Status.UNKNOWN: "quiet",
}
ICONS: Mapping[str, str] = {
    "policies": "shield-check",
    "findings": "bug",
    "health": "heartbeat",
    "drift": "arrows-diff",
    "diff": "file-diff",
    "rollback": "arrow-back-up",
    "quota": "coin-euro",
    "soak": "hourglass",
    "window": "calendar-time",
}


@dataclass(frozen=True)
class Line:
    """One thing that is known. `at` is None for what is looked up live. `blocks` says why it keeps the gate
    shut; `refresh`, whether gathering it again may help."""

    kind: str
    label: str
    meaning: str
    summary: str
    source: str = ""
    at: datetime | None = None
    required: bool = False
    stale: bool = False
    blocks: str = ""
    refresh: bool = False
    row: Evidence | None = None

    @property
    def icon(self) -> str:
        return ICONS.get(self.kind, "file-info")

    @property
    def detail(self) -> str:
        """The template that shows what the line rests on; "" for none."""
        shown = (
            self.row is not None
            and self.kind in DETAILED
            and any(self.row.detail.get(n) for n in DETAILED[self.kind])
        )
        return f"changes/evidence/_{self.kind}.html" if shown else ""


# Kinds whose detail is worth unfolding, and what in it has to be there for that.
DETAILED: Mapping[str, tuple[str, ...]] = {
    "findings": ("list",),
    "drift": ("objects",),
    "quota": ("lines",),
    "policies": ("denied",),
}


def is_being_gathered(change: ChangeRequest) -> bool:
    """Whether a worker has it, or will take it next."""
    asked, gathered = change.evidence_asked_at, change.evidence_gathered_at
    return change.is_awaiting_approval and asked is not None and (gathered is None or gathered < asked)


def lines(change: ChangeRequest, rows: Iterable[Evidence], lacking: Iterable[Lacking]) -> list[Line]:
    """In the order of reading: what is gathered, then what is looked up live."""
    found, missing = {row.kind: row for row in rows}, {each.kind: each for each in lacking}
    gathered = [_gathered(change, kind, found.get(kind), missing.get(kind)) for kind in KINDS]
    return [line for line in (*gathered, *_live(change, missing)) if line is not None]


def _gathered(change: ChangeRequest, kind: str, row: Evidence | None, lacking: Lacking | None) -> Line | None:
    """None for what is not there and not wanted: it does not concern this change."""
    required, label = kind in change.environment.required_evidence, KINDS[kind]
    blocks = lacking.why if lacking else ""
    if row is None:
        if is_being_gathered(change):
            return Line(kind, label, "working", "being gathered", required=required, blocks=blocks)
        return (
            Line(kind, label, "waiting", "not gathered yet", required=required, blocks=blocks, refresh=True)
            if blocks
            else None
        )
    stale = evidence.is_stale(row, change, clock.now())
    return Line(
        kind,
        label,
        "waiting" if stale and row.status == Evidence.Status.GOOD else MEANING[row.status],
        row.summary,
        source=row.source,
        at=row.observed_at,
        required=required,
        stale=stale,
        blocks=blocks,
        refresh=bool(blocks and lacking and lacking.refresh) or stale,
        row=row,
    )


def _live(change: ChangeRequest, lacking: Mapping[str, Lacking]) -> Iterator[Line]:
    if (line := _soak(change, lacking.get("soak"))) is not None:
        yield line
    if (line := window(change)) is not None:
        yield line


def _soak(change: ChangeRequest, lacking: Lacking | None) -> Line | None:
    minimum = timedelta(minutes=change.environment.minimum_soak_minutes)
    time = soak.soaked(change, clock.now())
    if time is None:
        return None
    said = f"healthy for {wording.span(time)}"
    said += f" of {wording.span(minimum)}" if minimum else "; no minimum"
    meaning = "waiting" if lacking else "ready" if time else "quiet"
    return Line(
        "soak",
        "Soak",
        meaning,
        said,
        "stage before",
        required=bool(minimum),
        blocks=lacking.why if lacking else "",
    )


def window(change: ChangeRequest) -> Line | None:
    """Open until when, or closed until when; None where an environment has no windows. It never keeps anybody
    from deciding: an approved change waits for the opening."""
    if not change.environment.windows.all():
        return None
    state = schedule_of(change.environment).state_at(clock.now())
    until = f"{state.ends.astimezone(ZoneInfo(state.time_zone)):%a %d %b, %H:%M %Z}" if state.ends else ""
    if state.open:
        return Line("window", "Window", "ready", f"open until {until}" if until else "open", "windows")
    opens = f"opens {until}; once approved it waits for that" if until else "no opening is in sight"
    return Line("window", "Window", "waiting", f"closed: {state.reason}; {opens}", "windows")
