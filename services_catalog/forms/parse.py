"""From what a browser sent to values. Nothing is judged: what cannot be read stays text for the schema."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from portal.core import pointers
from portal.core.documents import load_yaml
from portal.core.errors import InvalidInput
from portal.core.masking import MASK
from portal.core.pointers import ABSENT, parse
from services_catalog.coalescing import alike, merge
from services_catalog.forms.fields import ROWS, Field, Row

MAX_ROWS = 500
INTEGER = re.compile(r"^[+-]?\d{1,18}$", re.ASCII)
NUMBER = re.compile(r"^[+-]?\d{1,18}(\.\d{1,18})?([eE][+-]?\d{1,3})?$", re.ASCII)
# a number that reads the same when it is written again, so that 1.10 and 007 stay what they are
CANONICAL = re.compile(r"^-?(0|[1-9]\d{0,17})$", re.ASCII)


class Inputs(Mapping[str, Any]):
    """What was sent, and which rows of which list or map are among it."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.data = data
        self.rows: dict[str, set[int]] = {}
        for name in data:
            parts = name.removeprefix("variant:").split("/")
            for end in range(2, len(parts)):
                if (
                    (part := parts[end]).isdecimal()
                    and part.isascii()
                    and len(part) < 4
                    and int(part) < MAX_ROWS
                ):
                    self.rows.setdefault("/".join(parts[:end]), set()).add(int(part))

    def __getitem__(self, name: str) -> Any:
        return self.data[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.data)

    def __len__(self) -> int:
        return len(self.data)

    def get(self, name: str, default: Any = None) -> Any:
        return self.data.get(name, default)


def parse_form(fields: Iterable[Field], data: Mapping[str, Any]) -> dict[str, Any]:
    """A person's values: what was given and differs from what applies anyway. `fields` is from form_fields().

    A field that the browser did not send keeps what form_fields() was told of it, so the short form and the
    whole form are read alike. `data` is a QueryDict or a mapping of names to text.
    """
    inputs = data if isinstance(data, Inputs) else Inputs(data)
    result: dict[str, Any] = {}
    for field in fields:
        if field.kind == "group":
            result = merge(result, parse_form(field.fields, inputs))
            continue
        if field.locked_by:
            if field.held is not ABSENT:
                pointers.put(result, parse(field.path), field.held)
            continue
        value = _read(field, inputs)
        if value is not ABSENT and not _is_default(value, field):
            pointers.put(result, parse(field.path), value)
    return result


def is_reshaped(data: Mapping[str, Any]) -> bool:
    """Whether another of several forms was chosen, or an entry taken away, since the form was drawn."""
    chosen = (name for name in data if name.startswith("shown:"))
    return any(name.startswith("remove:") for name in data) or any(
        _last(data, name) != _last(data, f"variant:{name.removeprefix('shown:')}") for name in chosen
    )


def reads_back(field: Field) -> bool:
    """Whether a browser that sends the field as it is shown leaves everything as it was."""
    if field.secret:
        is_clear = field.value != "" or field.is_set or field.has_default or not field.given
        return isinstance(field.value, str) and field.value == _sent(field) and is_clear
    value = _typed(field, _sent(field))
    if value is ABSENT or _is_default(value, field):
        return not field.given or (field.has_default and alike(field.wish, field.default))
    return field.given and alike(value, field.wish)


def _sent(field: Field) -> str:
    """What a browser sends of a field that nobody touched."""
    text = field.text
    if field.kind == "boolean" and not field.optional:
        return "true" if text == "true" else "false"
    if field.kind == "choice" and text not in {choice.text for choice in field.choices}:
        return field.choices[0].text if field.required and field.choices else ""
    if field.kind in {"multiline", "lines", "yaml"}:
        return text.replace("\r\n", "\n").replace("\r", "\n")
    return text.replace("\n", "").replace("\r", "")


def _is_default(value: Any, field: Field) -> bool:
    return field.has_default and alike(value, field.default)


def _read(field: Field, data: Inputs) -> Any:
    if field.kind == "variant":
        return _read_variant(field, data)
    if field.kind in ROWS:
        sent = sorted(data.rows.get(field.path, ()))
        if not sent:
            return _untouched(field)
        return (
            _read_map(field, sent, data)
            if field.kind in {"map", "entries"}
            else _read_list(field, sent, data)
        )
    raw = _last(data, field.path)
    if raw is None:
        return _untouched(field)
    raw = raw.replace("\r\n", "\n").replace("\r", "\n")
    if field.secret and field.kind in {"text", "multiline"}:
        # as it is, spaces and all
        return raw or (MASK if field.is_set else ABSENT)
    if field.secret and field.kind != "yaml" and not raw.strip():
        return MASK if field.is_set else ABSENT
    return _typed(field, raw)


def _untouched(field: Field) -> Any:
    if field.given and field.secret and field.is_set and field.value == "":
        return MASK
    return field.wish


def _typed(field: Field, raw: str) -> Any:
    text = raw.strip()
    match field.kind:
        case "lines":
            lines = [_one_of(field, line.strip()) for line in raw.split("\n") if line.strip()]
            return lines or _emptied(field, [])
        case "yaml":
            if raw == field.text:
                return _untouched(field) if field.given else ABSENT
            return _yaml(raw) if text else ABSENT
        case "choice":
            known = next((choice.value for choice in field.choices if choice.text == text), text)
            return ABSENT if text == "" and known == "" else known
        case "text":
            # a cleared default is a wish for nothing, which the schema may refuse
            return text if text or field.default else ABSENT
        case "multiline":
            return raw if text or field.default else ABSENT
        case "scalar" if text:
            return _one_of(field, text)
    if not text:
        return _cleared(field)
    return _scalar(field.kind, text)


def _cleared(field: Field) -> Any:
    """An input that was left empty: the default applies again; null, or text without characters, where that
    is what takes it away."""
    if field.default in ("", None) and not isinstance(field.default, bool):
        return ABSENT
    if field.nullable:
        return None
    return "" if field.kind == "scalar" and "string" in field.types else ABSENT


def _emptied(field: Field, empty: Any) -> Any:
    """A list or map without an entry: that is a wish only where there is something to take away."""
    if field.given and field.wish == empty:
        return empty
    return ABSENT if field.default in ("", empty) or field.default is None else empty


def _one_of(field: Field, text: str) -> Any:
    """Text as the first of the types that it fits."""
    types = field.types
    if field.as_text:
        return text
    if "boolean" in types and text in {"true", "false"}:
        return text == "true"
    if "string" not in types:
        return _scalar("integer" if "integer" in types and INTEGER.match(text) else "number", text)
    if {"integer", "number"} & set(types) and CANONICAL.match(text):
        return int(text)
    if "number" in types and NUMBER.match(text) and repr(float(text)) == text:
        return float(text)
    return text


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


def _read_variant(field: Field, data: Inputs) -> Any:
    if _last(data, field.name) is None:
        return _untouched(field)
    if field.chosen < 0:
        return ABSENT
    place = parse(field.path)
    values = parse_form(field.fields, data)
    value = pointers.get(values, place)
    held = field.wish if isinstance(field.wish, Mapping) else {}
    for path, const in field.consts:
        name = parse(path)[-1]
        if field.switched or name in held or (isinstance(value, dict) and value):
            default = field.default.get(name, ABSENT) if isinstance(field.default, Mapping) else ABSENT
            if not alike(const, default):
                pointers.put(values, parse(path), const)
    return pointers.get(values, place)


def _read_map(field: Field, sent: list[int], data: Inputs) -> Any:
    default = field.default if isinstance(field.default, Mapping) else {}
    entries: dict[str, Any] = {}
    for index in sent:
        row, inputs = _row(field, index, data)
        name = (_last(data, f"{field.path}/{index}/key") or "").strip()
        if f"remove:{field.path}/{index}" in data:
            continue
        inner = row.inner if row.key.value == name else tuple(map(_unsaved, row.inner))
        value = pointers.get(parse_form(inner, inputs), (*parse(field.path), str(row.index), "value"))
        if name or value not in (ABSENT, "", {}):
            entries[name] = value
    empty: Any = {} if field.kind == "entries" else ""
    wish: dict[str, Any] = {}
    for name, value in entries.items():
        if value is not ABSENT:
            wish[name] = value
        elif name not in default:
            wish[name] = empty
    wish = {
        name: value for name, value in wish.items() if name not in default or not alike(value, default[name])
    }
    gone = {name: None for name, value in default.items() if name not in entries and value is not None}
    return {**wish, **gone} or (_emptied(field, {}) if not default else ABSENT)


def _read_list(field: Field, sent: list[int], data: Inputs) -> Any:
    result = []
    for index in sent:
        if f"remove:{field.path}/{index}" in data:
            continue
        row, inputs = _row(field, index, data)
        value = pointers.get(parse_form(row.fields, inputs), (*parse(field.path), str(row.index)))
        if value is not ABSENT:
            result.append(value)
    return result or _emptied(field, [])


def _row(field: Field, index: int, data: Inputs) -> tuple[Row, Inputs]:
    """A row and its inputs; one that the form did not have yet is like the last, empty one."""
    row = field.rows[min(index, len(field.rows) - 1)]
    if row.index == index:
        return row, data
    here, there = f"{field.path}/{index}/", f"{field.path}/{row.index}/"
    moved = {
        name.replace(here, there, 1): data.get(name)
        for name in data
        if name.startswith((here, f"variant:{here}", f"remove:{here}"))
    }
    return row, Inputs(moved)


def _unsaved(field: Field) -> Field:
    """A secret belongs to its name: under another one there is none saved."""
    return Field(**{**field.__dict__, "is_set": False, "fields": tuple(map(_unsaved, field.fields))})


def _last(data: Mapping[str, Any], name: str) -> str | None:
    """The last value of a name: a checkbox comes after its hidden "false"."""
    value = data.get(name)
    if isinstance(value, list | tuple):
        value = value[-1] if value else None
    return value if value is None else str(value)
