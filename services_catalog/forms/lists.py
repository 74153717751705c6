"""Lists and maps: a row an entry, and some empty ones, so that the form works without JavaScript."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from portal.core import pointers
from portal.core.pointers import ABSENT, Path, parse, pointer
from services_catalog import schemas
from services_catalog.coalescing import merge
from services_catalog.forms.facts import facts_of
from services_catalog.forms.fields import Field, Kind, Row
from services_catalog.forms.kinds import more_of
from services_catalog.forms.variants import simplified
from services_catalog.schemas import Schema
from services_catalog.shapes import shape

if TYPE_CHECKING:
    from services_catalog.forms.build import Form

SPARE_ROWS = 3
MAX_ROWS = 500


def field_of_rows(form: Form, kind: Kind, node: Schema, path: Path, facts: dict[str, Any]) -> Field | None:
    """None when what is given cannot be shown in rows without losing a part of it."""
    if kind in {"map", "entries"}:
        shown = _map_shown(form, path)
        rows = None if shown is None else _map_rows(form, kind, node, path, shown)
    else:
        shown = form.shown(path)
        if kind == "rows" and not _is_table(form, node, shown):
            kind = "items"
        rows = _list_rows(form, kind, node, path, shown)
    return None if rows is None else Field(kind=kind, value=shown, rows=rows, **facts)


def _list_rows(form: Form, kind: Kind, node: Schema, path: Path, shown: Any) -> tuple[Row, ...] | None:
    entries = shown if isinstance(shown, list) else []
    if len(entries) > MAX_ROWS or (shown != "" and not isinstance(shown, list)):
        return None
    document = form.values if pointers.get(form.values, path) is not ABSENT else form.base
    filled = replace(form.given(document, document), base={}, in_list=True)
    rows = []
    for index, entry in enumerate(entries):
        fields = _entry(filled, node["items"], (*path, str(index)), entry, asked=kind == "items")
        rows.append(Row(index, fields, remove=f"remove:{form.name((*path, str(index)))}"))
    empty = replace(form.given({}, {}), base={}, in_list=True, spare=form.spare + 1)
    for index in range(len(entries), len(entries) + _spares(form, kind)):
        rows.append(Row(index, _entry(empty, node["items"], (*path, str(index)), ABSENT), spare=True))
    return tuple(rows)


def _entry(form: Form, schema: Any, path: Path, value: Any, *, asked: bool = False) -> tuple[Field, ...]:
    """The fields of one entry. A mapping's stand in the row itself."""
    node = simplified(form.shape(schema, path), form.root)
    whole = value is ABSENT or (isinstance(value, Mapping) and bool(value))
    if whole and form.kind(node, path) == "group":
        return form.children(node, path, asked=asked)
    return (form.field(node, path),)


def _is_table(form: Form, node: Schema, shown: Any) -> bool:
    """Whether every entry fits in the columns."""
    if not isinstance(shown, list):
        return True
    columns = set(simplified(shape(node["items"], form.root), form.root).get("properties") or {})
    return all(
        isinstance(row, Mapping)
        and row
        and set(row) <= columns
        and not any(isinstance(each, list | Mapping) for each in row.values())
        for row in shown
    )


def _map_shown(form: Form, path: Path) -> dict[str, Any] | None:
    """A map merges with its default, so both are shown; without what a null takes away."""
    default, given = pointers.get(form.base, path), pointers.get(form.values, path)
    known = default if isinstance(default, Mapping) else {}
    given = {} if given is ABSENT else given
    if default not in (ABSENT, None, "") and not isinstance(default, Mapping):
        return None
    gone = {key for key, value in given.items() if value is None and known.get(key) is not None}
    shown = {key: each for key, each in merge(known, given).items() if key not in gone}
    if len(shown) > MAX_ROWS or any(
        not key or key != key.strip() or "\n" in key or "\r" in key for key in shown
    ):
        return None
    return shown


def _map_rows(form: Form, kind: Kind, node: Schema, path: Path, shown: dict[str, Any]) -> tuple[Row, ...]:
    rows = [
        _named(form, kind, node, path, index, name, value)
        for index, (name, value) in enumerate(shown.items())
    ]
    empty = replace(form.given({}, {}), base={}, spare=form.spare + 1)
    for index in range(len(shown), len(shown) + _spares(form, kind)):
        rows.append(_named(empty, kind, node, path, index, "", ABSENT))
    return tuple(rows)


def _named(form: Form, kind: Kind, node: Schema, path: Path, index: int, name: str, value: Any) -> Row:
    """A row of a map: the key, and then the value's field or fields."""
    place = (*parse(form.name(path)), str(index))
    names = node.get("propertyNames") or _pattern(node)
    words = facts_of(shape(names, form.root), (*path, "key"), form.root, ABSENT)
    key = Field(
        **{**words, "label": "Name", "secret": False}, path=pointer((*place, "key")), kind="text", value=name
    )
    inner = replace(form, moved=((*path, name), (*place, "value")))
    if kind == "entries":
        fields = _entry(inner, more_of(node), (*path, name), value, asked=value is not ABSENT)
    else:
        fields = (_value(inner, more_of(node), (*path, name), value),)
    spare = value is ABSENT
    return Row(index, (key, *fields), spare, "" if spare else f"remove:{pointer(place)}")


def _value(form: Form, schema: Any, path: Path, value: Any) -> Field:
    node = simplified(form.shape(schema, path), form.root)
    kind = form.kind(node, path)
    bare = value == "" and kind in {"text", "scalar"} and pointers.get(form.base, path) is ABSENT
    if value is ABSENT or bare:
        # an empty value of a name is text without characters
        facts = {**facts_of(node, path, form.root, ABSENT), "path": form.name(path)}
        wish = pointers.get(form.values, path)
        return Field(**{**facts, "label": "Value"}, kind=kind, value="", wish=wish, optional=True)
    return Field(**{**form.field(node, path).__dict__, "label": "Value"})


def _pattern(node: Schema) -> dict[str, Any]:
    patterns = list(node.get("patternProperties") or {})
    return {"pattern": patterns[0]} if patterns and node.get("additionalProperties") is False else {}


def _spares(form: Form, kind: Kind) -> int:
    is_small = kind in {"rows", "map"} and not form.in_list and not form.spare
    return SPARE_ROWS if is_small and not form.root.get(schemas.INFERRED) else 1
