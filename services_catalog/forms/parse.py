"""From what a browser sent to values. Nothing is judged: what cannot be read stays text for the schema."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from portal.core import pointers
from portal.core.documents import load_yaml
from portal.core.errors import InvalidInput
from portal.core.masking import MASK
from portal.core.pointers import ABSENT, parse
from services_catalog import values
from services_catalog.forms.fields import Field, Row

MAX_ROWS = 500
INTEGER = re.compile(r"^[+-]?\d{1,18}$", re.ASCII)
NUMBER = re.compile(r"^[+-]?\d{1,18}(\.\d{1,18})?([eE][+-]?\d{1,3})?$", re.ASCII)


def parse_form(fields: Iterable[Field], data: Mapping[str, Any]) -> dict[str, Any]:
    """A person's values: what was given and differs from what applies anyway. `fields` is from form_fields().

    A field that the browser did not send keeps what form_fields() was told of it, so the short form and the
    whole form are read alike. `data` is a QueryDict or a mapping of names to text.
    """
    result: dict[str, Any] = {}
    for field in fields:
        if field.kind == "group":
            result = values.merge(result, parse_form(field.fields, data))
            continue
        if field.locked_by:
            if field.held is not ABSENT:
                pointers.put(result, parse(field.path), field.held)
            continue
        value = _read(field, data)
        if value is not ABSENT and not _is_default(value, field):
            pointers.put(result, parse(field.path), value)
    return result


def _is_default(value: Any, field: Field) -> bool:
    """True and 1 are not the same here."""
    same = bool(value == field.default) and isinstance(value, bool) == isinstance(field.default, bool)
    return same and field.has_default


def _read(field: Field, data: Mapping[str, Any]) -> Any:
    if field.kind == "map":
        return _read_map(field, data)
    if field.kind == "rows":
        return _read_rows(field, data)
    raw = _last(data, field.path)
    if raw is None:
        return _untouched(field)
    raw = raw.replace("\r\n", "\n")
    if field.secret and not raw.strip():
        return MASK if field.is_set else ABSENT
    return _typed(field, raw)


def _untouched(field: Field) -> Any:
    if not field.given:
        return ABSENT
    if field.secret and field.is_set and field.value == "":
        return MASK
    return _typed(field, field.text) if field.kind == "yaml" else field.value


def _typed(field: Field, raw: str) -> Any:
    text = raw.strip()
    match field.kind:
        case "lines":
            lines = [_scalar(field.item_type, line.strip()) for line in raw.split("\n") if line.strip()]
            return lines or (ABSENT if field.default in ("", []) else [])
        case "yaml":
            return _yaml(raw) if text else ABSENT
        case "choice":
            known = next((choice.value for choice in field.choices if choice.text == text), text)
            return ABSENT if text == "" and known == "" else known
        case "text":
            # a cleared default is a wish for nothing, which the schema may refuse
            return text if text or field.default else ABSENT
        case "multiline":
            return raw if text or field.default else ABSENT
    return _scalar(field.kind, text) if text else ABSENT


def _scalar(kind: str, text: str) -> Any:
    if kind == "integer" and INTEGER.match(text):
        return int(text)
    if kind == "number" and NUMBER.match(text):
        number = float(text)
        return int(number) if number.is_integer() and INTEGER.match(text) else number
    if kind == "boolean" and text in {"true", "false"}:
        return text == "true"
    return text


def _yaml(raw: str) -> Any:
    try:
        return load_yaml(raw)
    except InvalidInput:
        return raw


def _read_map(field: Field, data: Mapping[str, Any]) -> Any:
    indexes = _indexes(field.path, data)
    if indexes is None:
        return _untouched(field)
    result: dict[str, Any] = {}
    for index in indexes:
        name = (_last(data, f"{field.path}/{index}/key") or "").strip()
        raw = _last(data, f"{field.path}/{index}/value") or ""
        column = _column(field.rows, index, 1)
        known = _column(field.rows, index, 0)
        if column.is_set and known.value != name:
            column = Field(**{**column.__dict__, "is_set": False})
        if not name and not raw.strip():
            continue
        value = _read(column, {column.path: raw})
        result[name] = "" if value is ABSENT else value
    return result or (ABSENT if field.default in ("", {}) else {})


def _read_rows(field: Field, data: Mapping[str, Any]) -> Any:
    indexes = _indexes(field.path, data)
    if indexes is None:
        return _untouched(field)
    result = []
    for index in indexes:
        row: dict[str, Any] = {}
        for column in _row(field.rows, index):
            name = parse(column.path)[-1]
            value = _read(column, {column.path: _last(data, f"{field.path}/{index}/{name}") or ""})
            if value is not ABSENT:
                row[name] = value
        if row:
            result.append(row)
    return result or (ABSENT if field.default in ("", []) else [])


def _row(rows: tuple[Row, ...], index: int) -> tuple[Field, ...]:
    """The columns of a row; a row that was added in the browser is like the last, empty one."""
    return rows[min(index, len(rows) - 1)].fields


def _column(rows: tuple[Row, ...], index: int, column: int) -> Field:
    return _row(rows, index)[column]


def _indexes(path: str, data: Mapping[str, Any]) -> list[int] | None:
    """The rows that were sent, in order; None when the field was not on the form at all."""
    found = set()
    for name in data:
        head, _, rest = name.removeprefix(path + "/").partition("/")
        if name.startswith(path + "/") and rest and head.isdecimal() and int(head) < MAX_ROWS:
            found.add(int(head))
    return sorted(found) if found else None


def _last(data: Mapping[str, Any], name: str) -> str | None:
    """The last value of a name: a checkbox comes after its hidden "false"."""
    value = data.get(name)
    if isinstance(value, list | tuple):
        value = value[-1] if value else None
    return value if value is None else str(value)
