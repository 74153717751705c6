"""Each error next to its field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from portal.core.pointers import parse, pointer
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
    for end in range(len(parts), 0, -1):
        field = known.get(pointer(parts[:end]))
        if field is None:
            continue
        if field.kind == "map" and end < len(parts):
            return _map_place(field, parts[end], error["code"])
        return field.path
    return ""


def _map_place(field: Field, name: str, code: str) -> str:
    for row in field.rows:
        key, value = row.fields
        if key.value == name and name:
            return key.path if code == "name" else value.path
    return field.path
