"""Each error next to its field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from portal.core.pointers import Path, parse, pointer
from services_catalog.forms.fields import Field, flat


def errors_by_field(fields: Iterable[Field], errors: Iterable[Mapping[str, str]]) -> dict[str, list[str]]:
    """Messages by the path of the field to show them at; "" holds those that fit no field."""
    known = {field.path: field for field in flat(fields)}
    placed: dict[str, list[str]] = {}
    for error in errors:
        placed.setdefault(_place(known, error), []).append(error["message"])
    return placed


def _place(known: Mapping[str, Field], error: Mapping[str, str]) -> str:
    parts = parse(error["path"]) if error["path"].startswith("/") else ()
    parts = _as_named(known, parts, error["code"])
    for end in range(len(parts), 0, -1):
        field = known.get(pointer(parts[:end]))
        if field is not None:
            return field.path
    return ""


def _as_named(known: Mapping[str, Field], parts: Path, code: str) -> Path:
    """A place in the values as the form names it: in a map, the row's number stands for the key."""
    named: Path = ()
    for position, part in enumerate(parts):
        field = known.get(pointer(named))
        if field is None or field.kind not in {"map", "entries"}:
            named = (*named, part)
            continue
        row = next((row for row in field.rows if row.key.value == part and part), None)
        if row is None:
            return named
        last = position == len(parts) - 1
        named = (*named, str(row.index), "key" if last and code == "name" else "value")
    return named
