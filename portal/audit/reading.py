"""Records as the database has them, without Django's models between: fast, in bounded memory, and readable
even where somebody wrote what the models could not have written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.db import connection

from portal.audit.judging import Record, sparse
from portal.audit.lanes import TABLE

CHUNK = 5000
NO_JSON = "\ufffd this is no JSON"

_POSTGRESQL = {
    "id": "id::text",
    # text, since Python cannot hold every time that PostgreSQL can
    "at": "to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US') || '+00:00'",
    "before": "before::text",
    "after": "after::text",
}
# expressions, so that the driver does not turn them into times
_SQLITE = {"at": "at || ''", "before": "before || ''", "after": "after || ''"}
_COLUMNS = (
    "id",
    "at",
    "action",
    "actor_id",
    "actor_name",
    "on_behalf_of_id",
    "on_behalf_of_name",
    "source",
    "request_id",
    "team_id",
    "object_type",
    "object_id",
    "object_label",
    "before",
    "after",
    "comment",
    "lane",
    "sequence",
    "previous_hash",
    "digest",
    "hash",
)


def records(lane: int, after: int | None, upto: int) -> Iterator[Record]:
    """Records of a lane in their order: those behind `after` (None: from whatever comes first) up to and
    including `upto`."""
    first = 0 if after is None else after
    if after is None:
        yield from _between(lane, None, first)
    while first < upto:
        last = min(first + CHUNK, upto)
        found = _between(lane, first, last)
        if not found:
            # where nothing is, all that is left is looked for at once
            last = upto
            found = _next(lane, first, upto)
        yield from found
        first = last


def _between(lane: int, after: int | None, upto: int) -> list[Record]:
    begin = "" if after is None else f"AND sequence > {int(after)}"
    return _read(f"WHERE lane = {int(lane)} {begin} AND sequence <= {int(upto)} ORDER BY sequence, id")


def _next(lane: int, after: int, upto: int) -> list[Record]:
    return _read(
        f"WHERE lane = {int(lane)} AND sequence > {int(after)} AND sequence <= {int(upto)}"
        " ORDER BY sequence, id LIMIT 1"
    )


def _read(where: str) -> list[Record]:
    with connection.cursor() as cursor:
        cursor.execute(f"{_SELECT[connection.vendor]} {where}")
        return [_READ[connection.vendor](row) for row in cursor.fetchall()]


def hash_at(lane: int, sequence: int) -> str | None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT hash FROM {TABLE} WHERE lane = %s AND sequence = %s", [lane, sequence])  # noqa: S608
        found = cursor.fetchone()
    return found[0] if found else None


def count() -> int:
    """How many rows there are, wherever they say that they belong."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM {TABLE}")  # noqa: S608
        return int(cursor.fetchone()[0])


def _select(casts: dict[str, str]) -> str:
    return f"SELECT {', '.join(casts.get(name, name) for name in _COLUMNS)} FROM {TABLE}"  # noqa: S608


_SELECT = {"postgresql": _select(_POSTGRESQL), "sqlite": _select(_SQLITE)}


def _record(row: tuple[Any, ...], event_id: str, at: Any, before: Any, after: Any) -> Record:
    content = {
        "id": event_id,
        "at": at,
        "action": row[2],
        "actor": row[3],
        "actor_name": row[4],
        "on_behalf_of": row[5],
        "on_behalf_of_name": row[6],
        "source": row[7],
        "request_id": row[8],
        "team": row[9],
        "object_type": row[10],
        "object_id": row[11],
        "object_label": row[12],
        "before": before,
        "after": after,
        "comment": row[15],
    }
    return Record(row[16], row[17], row[18], row[19], row[20], sparse(content))


def _from_postgresql(row: tuple[Any, ...]) -> Record:
    return _record(row, row[0], row[1], _jsonb(row[13]), _jsonb(row[14]))


def _from_sqlite(row: tuple[Any, ...]) -> Record:
    key = row[0]
    event_id = f"{key[:8]}-{key[8:12]}-{key[12:16]}-{key[16:20]}-{key[20:]}" if len(key) == 32 else key
    at = row[1]
    if isinstance(at, str):
        at = f"{at.replace(' ', 'T')}{'' if '.' in at else '.000000'}+00:00"
    return _record(row, event_id, at, _json_text(row[13]), _json_text(row[14]))


_READ = {"postgresql": _from_postgresql, "sqlite": _from_sqlite}


def _jsonb(text: str | None) -> Any:
    if text is None:
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):  # a number that is too long, for one
        return NO_JSON
    return found if isinstance(found, dict) else NO_JSON


def _json_text(text: Any) -> Any:
    """SQLite keeps the text as it was written: two values under one key, say, are nothing that we wrote."""
    found = _jsonb(text) if text is None or isinstance(text, str) else NO_JSON
    return found if found is None or json.dumps(found) == text else NO_JSON
