"""Copies of the trail to take away: JSON Lines, which lose nothing and are proven without a database, and CSV
for spreadsheets. Nothing is held in memory, and no transaction stays open while a slow reader reads."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse

from portal.accounts.models import User
from portal.audit import lanes
from portal.audit.judging import PLACE
from portal.audit.models import AuditEvent
from portal.audit.recording import record
from portal.audit.trail import TRAIL
from portal.core import clock

FORMATS: Mapping[str, str] = {"jsonl": "application/x-ndjson", "csv": "text/csv"}
KIND = "slipway-audit-export"
CHUNK, PART = 5000, 200
_CSV = (
    "at",
    "action",
    "actor",
    "on_behalf_of",
    "source",
    "request_id",
    "team",
    "object_type",
    "object_id",
    "object_label",
    "comment",
    "before",
    "after",
    "id",
    "lane",
    "sequence",
    "digest",
    "hash",
)
# what a spreadsheet would take for a formula
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def export(
    rows: QuerySet[AuditEvent],
    form: str,
    *,
    actor: User | None,
    selection: Mapping[str, Any],
    complete: bool = False,
) -> Iterator[str]:
    """Lines of what `rows` selects, as of now. The export is recorded before its first line is read.

    `selection` says in the record, and in the first line of JSON Lines, what was asked for; `complete` that
    it is all of the trail.
    """
    told = {name: str(value)[:200] for name, value in selection.items() if value}
    after = {"format": form, "complete": complete, "selection": told}
    record("audit.exported", TRAIL, actor=actor, after=after)
    ends = {lane: sequence for lane, (sequence, _) in lanes.ends().items()}
    head = {
        "kind": KIND,
        "version": 1,
        "at": clock.now().isoformat(),
        "complete": complete,
        "selection": told,
    }
    return _WRITERS[form](_walk(rows, ends), head)


def in_parts(lines: Iterator[str]) -> Iterator[str]:
    """Some lines at a time, for what sends each part by itself."""
    while part := "".join(islice(lines, PART)):
        yield part


def _walk(rows: QuerySet[AuditEvent], ends: Mapping[int, int]) -> Iterator[AuditEvent]:
    """In order of lane and sequence, a bounded query at a time, and nothing that came after the beginning."""
    found = rows.select_related("team").order_by("lane", "sequence")
    for lane, end in sorted(ends.items()):
        last = 0
        while chunk := list(found.filter(lane=lane, sequence__gt=last, sequence__lte=end)[:CHUNK]):
            yield from chunk
            last = chunk[-1].sequence


def _json_lines(events: Iterator[AuditEvent], head: Mapping[str, Any]) -> Iterator[str]:
    yield json.dumps(head, ensure_ascii=False) + "\n"
    for event in events:
        place = {name: getattr(event, name) for name in PLACE}
        yield json.dumps({**place, **event.content()}, ensure_ascii=False) + "\n"


def _comma_separated(events: Iterator[AuditEvent], head: Mapping[str, Any]) -> Iterator[str]:
    line = io.StringIO()
    writer = csv.writer(line)
    writer.writerow(_CSV)
    for event in events:
        writer.writerow([_cell(_VALUES.get(name, _plain(name))(event)) for name in _CSV])
        yield line.getvalue()
        line.seek(0)
        line.truncate()
    yield line.getvalue()


def _plain(name: str) -> Callable[[AuditEvent], Any]:
    return lambda event: getattr(event, name)


def _cell(value: Any) -> str:
    """Never a formula: a leading apostrophe makes it text."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _json(value: Any) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True)


_VALUES: Mapping[str, Callable[[AuditEvent], Any]] = {
    "at": lambda event: event.at.isoformat(timespec="microseconds"),
    "actor": lambda event: event.actor_name,
    "on_behalf_of": lambda event: event.on_behalf_of_name,
    "team": lambda event: event.team.slug if event.team else "",
    "before": lambda event: _json(event.before),
    "after": lambda event: _json(event.after),
}
_WRITERS: Mapping[str, Callable[[Iterator[AuditEvent], Mapping[str, Any]], Iterator[str]]] = {
    "jsonl": _json_lines,
    "csv": _comma_separated,
}


def download(lines: Iterator[str], form: str) -> StreamingHttpResponse:
    """An answer that is kept as a file."""
    name = f"slipway-audit-{clock.now():%Y%m%dT%H%M%SZ}.{form}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingHttpResponse(in_parts(lines), content_type=FORMATS[form], headers=headers)
