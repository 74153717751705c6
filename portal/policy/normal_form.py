"""What a round trip through the API server's Go structs leaves of an object: known fields, nothing empty."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from copy import deepcopy
from functools import cache
from typing import Any

from portal.policy.quantities import canonical_quantity
from portal.policy.structs import OBJECT_META, Field, Shape, struct, struct_name

Object = dict[str, Any]
Reader = Callable[[Any], Any]
# what Go has where a value is missing, by shape; what is not listed has None
ZEROS: Mapping[str, Any] = {"s": "", "i": 0, "f": 0, "b": False, "q": "0", "x": 0}


def normalise(document: Mapping[str, Any]) -> Object:
    """A deep copy of an object as the server would write it back; wrong types are left for the schema.

    A status is there only when the document has one. Of kinds that the server has no type for only the
    metadata is read.
    """
    name = struct_name(str(document.get("apiVersion")), str(document.get("kind")))
    if name:
        result: Object = read_struct(name, document)
        if document.get("status") is None:
            result.pop("status", None)
        return result
    result = deepcopy(dict(document))
    if isinstance(result.get("metadata"), dict):
        result["metadata"] = read_struct(OBJECT_META, result["metadata"])
    return result


def empty(name: str) -> Object:
    """What Go writes of a type that nothing was set in."""
    found: Object = read_struct(name, {})
    return found


def read_struct(name: str, value: Any) -> Any:
    if type(value) is not dict and not isinstance(value, Mapping):
        return _same(value)
    result = {}
    for key, read, zero, drops in _plan(name):
        old = value.get(key)
        if old is None:
            if zero is not None:
                result[key] = zero()
            continue
        new = read(old)
        if drops and not new:
            continue
        result[key] = new
    return result


# name, how it is read, what is written when it is missing (None: nothing), whether empty is missing
Step = tuple[str, Reader, Callable[[], Any] | None, bool]


@cache
def _plan(name: str) -> tuple[Step, ...]:
    return tuple(
        (
            field.name,
            reader(field.shape),
            _zero(field) if field.always else None,
            not field.always and not field.pointer,
        )
        for field in struct(name).values()
    )


def _zero(field: Field) -> Callable[[], Any]:
    if field.pointer or field.shape.inner is not None:
        return lambda: None
    if field.shape.name in READERS:
        value = ZEROS.get(field.shape.name)
        return lambda: value
    return lambda: empty(field.shape.name)


@cache
def reader(shape: Shape) -> Reader:
    """How a value of this shape is read."""
    if shape.inner is not None:
        return _list_reader(shape.inner) if shape.name == "[]" else _map_reader(shape.inner)
    found = READERS.get(shape.name)
    return found or (lambda value: read_struct(shape.name, value))


def _list_reader(inner: Shape) -> Reader:
    read = reader(inner)

    def read_list(value: Any) -> Any:
        if not isinstance(value, list):
            return _same(value)
        return [_missing(inner) if item is None else read(item) for item in value]

    return read_list


def _map_reader(inner: Shape) -> Reader:
    read = _read_amount if inner.name == "q" else reader(inner)

    def read_map(value: Any) -> Any:
        if not isinstance(value, Mapping):
            return _same(value)
        return {key: _missing(inner) if item is None else read(item) for key, item in value.items()}

    return read_map


def _missing(shape: Shape) -> Any:
    """What null is in a list or a map."""
    if shape.inner is not None or shape.name in READERS:
        return ZEROS.get(shape.name)
    return empty(shape.name)


def _same(value: Any) -> Any:
    # a list or a map has no business here, but belongs to the caller all the same
    return deepcopy(value) if isinstance(value, list | dict) else value


def _read_number(value: Any) -> Any:
    # YAML's 3.0 is 3 once it is JSON
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _read_amount(value: Any) -> Any:
    """An amount of a resource: nothing is finer than a thousandth."""
    return canonical_quantity(value, milli=True)


def _read_bytes(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return base64.b64encode(base64.b64decode(value, validate=False)).decode()
    except (binascii.Error, ValueError):
        return value


READERS: Mapping[str, Reader] = {
    "s": _same,
    "i": _read_number,
    "f": _same,
    "b": _same,
    "q": canonical_quantity,
    "x": _read_number,
    "t": _same,
    "m": _same,
    "y": _read_bytes,
    "a": deepcopy,
}
