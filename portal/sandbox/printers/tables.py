"""Objects as meta.k8s.io/v1 Tables and as PartialObjectMetadata."""

from __future__ import annotations

import re
from typing import Any

from portal.sandbox import conversions
from portal.sandbox.crds import CustomResources
from portal.sandbox.objects import Object, encode
from portal.sandbox.printers import access, cluster, network, storage, workloads
from portal.sandbox.printers.common import AGE, NAME, Column, Printer, age, ago, name
from portal.sandbox.resources import Resource

_PRINTERS = {
    **workloads.PRINTERS,
    **network.PRINTERS,
    **storage.PRINTERS,
    **access.PRINTERS,
    **cluster.PRINTERS,
}
_DEFAULT = Printer((NAME, AGE), lambda obj: [name(obj), age(obj)])
_PART = re.compile(
    r"\['((?:[^'\\]|\\.)*)'\]|\[(\d+|\*)\]|\.?((?:[^.\[\]\\]|\\.)+)|\[\?\(@\.([\w.]+)\s*==\s*[\"']([^\"']*)[\"']\)\]"
)


class Tables:
    """Knows every kind's columns; a custom resource's come from its definition."""

    def __init__(self, custom_resources: CustomResources) -> None:
        self._custom_resources = custom_resources

    def table(self, resource: Resource, objects: list[Object], metadata: Object, include: str = "") -> Object:
        """`include` says what goes with each row: Metadata (the default), Object or None."""
        printer = self._printer(resource)
        return {
            "kind": "Table",
            "apiVersion": "meta.k8s.io/v1",
            "metadata": metadata,
            "columnDefinitions": [column.definition() for column in printer.columns],
            "rows": [_row(printer, resource, obj, include) for obj in objects],
        }

    def _printer(self, resource: Resource) -> Printer:
        if resource.custom:
            return _custom_printer(self._custom_resources.columns(resource))
        return _PRINTERS.get((resource.group if resource.kind != "Event" else "", resource.kind), _DEFAULT)


def _row(printer: Printer, resource: Resource, obj: Object, include: str) -> Object:
    stored = conversions.to_storage(resource, obj) if not resource.custom else obj
    row: Object = {"cells": printer.cells(stored)}
    if include == "Object":
        row["object"] = obj
    elif include != "None":
        row["object"] = partial_metadata(obj)
    return row


def partial_metadata(obj: Object) -> Object:
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": obj["metadata"]}


def _custom_printer(declared: list[Object]) -> Printer:
    if not declared:
        return _DEFAULT
    columns = tuple(
        Column(each["name"], each["type"], each.get("format", ""), _described(each), each.get("priority", 0))
        for each in declared
    )

    def cells(obj: Object) -> list[Any]:
        return [name(obj), *(_cell(obj, each) for each in declared)]

    return Printer((NAME, *columns), cells)


def _described(column: Object) -> str:
    return str(
        column.get("description")
        or f"Custom resource definition column (in JSONPath format): {column['jsonPath']}"
    )


def _cell(obj: Object, column: Object) -> Any:
    found = _json_path(obj, column["jsonPath"])
    if not found:
        return None
    value = found[0]
    kind = column["type"]
    if kind == "date":
        return ago(value) if isinstance(value, str) else "<invalid>"
    if kind == "string":
        if len(found) > 1:
            return ",".join(_text(each) for each in found)
        return _text(value)
    if kind == "integer" and isinstance(value, (int, float)) and not isinstance(value, bool):
        return int(value)
    if kind == "number" and isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    return value if kind == "boolean" and isinstance(value, bool) else None


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return encode(value)


def _json_path(value: Any, path: str) -> list[Any]:
    """The simple paths that columns use: fields, indexes, `*` and equality filters."""
    current = [value]
    for quoted, index, field, filtered, wanted in _PART.findall(path):
        key = quoted.replace("\\.", ".") or field.replace("\\", "")
        following: list[Any] = []
        for each in current:
            if filtered and isinstance(each, list):
                following += [item for item in each if _json_path(item, filtered)[:1] == [wanted]]
            elif index == "*":
                following += list(each.values()) if isinstance(each, dict) else list(each or ())
            elif index:
                following += each[int(index) : int(index) + 1] if isinstance(each, list) else []
            elif key and isinstance(each, dict) and each.get(key) is not None:
                following.append(each[key])
        current = following
    return current
