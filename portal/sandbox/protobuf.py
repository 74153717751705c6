"""Bodies in Kubernetes' protobuf encoding, which client-go's typed clients send (helm's release storage,
`kubectl create
deployment`). The envelope is `k8s\\0` and a runtime.Unknown; types come from the OpenAPI definitions,
field numbers from
data/protobuf.json. Kinds without numbers there get 415.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from portal.policy.schema.definitions import names_by_kind
from portal.policy.schema.types import Node, by_name
from portal.sandbox.objects import Object
from portal.sandbox.statuses import bad_request, unsupported_media_type

_TABLE = Path(__file__).with_name("data") / "protobuf.json"
_MAGIC = b"k8s\x00"
_ENVELOPE_TYPE, _ENVELOPE_RAW = 1, 2
_META_OPTIONS = "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions"
_ZERO: tuple[Any, ...] = ("", 0, False, {}, None)
# definitions that stand for wire messages of their own shape
_MESSAGES = {
    "io.k8s.apimachinery.pkg.apis.meta.v1.": "meta.v1.",
    "io.k8s.api.": "",
}


class _BrokenError(Exception):
    """Bytes that are no such message."""


@dataclass(frozen=True)
class _Field:
    name: str
    pointer: bool
    # the message whose fields stand in for this one's own (Go embedding)
    embedded: str = ""


@cache
def _numbers() -> dict[str, str]:
    text = _TABLE.read_text("utf-8")
    found: dict[str, str] = json.loads(text)["messages"]
    return found


@cache
def _fields(message: str) -> dict[int, _Field]:
    found = {}
    for entry in _numbers()[message].split():
        name, _, number = entry.partition("=")
        pointer, digits = number.endswith("?"), number.removesuffix("?")
        if name.startswith(">"):
            package = message.rpartition(".")[0]
            found[int(digits)] = _Field("", False, f"{package}.{name[1:]}")
        else:
            found[int(digits)] = _Field(name, pointer)
    return found


def decode(raw: bytes) -> Object:
    """The object in a body; raises UnsupportedMediaType for kinds without a table, BadRequest for broken
    bytes."""
    if not raw.startswith(_MAGIC):
        raise bad_request("the body is not in Kubernetes' protobuf encoding: it must begin with k8s\\0")
    try:
        envelope = dict(_parts(raw[len(_MAGIC) :]))
        about = dict(_parts(_bytes(envelope.get(_ENVELOPE_TYPE, b""))))
        api_version, kind = (_bytes(about.get(number, b"")).decode() for number in (1, 2))
        message, node = _body(api_version, kind)
        content = _message(message, node, _bytes(envelope.get(_ENVELOPE_RAW, b"")))
    except (_BrokenError, ValueError, IndexError, OverflowError) as error:
        raise bad_request(f"unable to decode the protobuf body: {error}") from error
    return {"kind": kind, "apiVersion": api_version, **content}


def _body(api_version: str, kind: str) -> tuple[str, Node]:
    group, _, version = api_version.rpartition("/")
    if kind == "DeleteOptions":
        return "meta.v1.DeleteOptions", by_name(_META_OPTIONS)
    name = names_by_kind().get((group, version, kind), "")
    message = _message_name(name)
    if message not in _numbers():
        raise unsupported_media_type()
    return message, by_name(name)


def _message_name(definition: str) -> str:
    for prefix, short in _MESSAGES.items():
        if definition.startswith(prefix):
            return f"{short}{definition.removeprefix(prefix)}"
    return ""


def _message(message: str, node: Node, raw: bytes) -> Object:
    result: Object = {}
    fields = _fields(message) if message in _numbers() else {}
    for number, value in _parts(raw):
        field = fields.get(number)
        if field is None:
            continue
        if field.embedded:
            result.update(_message(field.embedded, node, _bytes(value)))
        else:
            _put(result, field, node.child(field.name), value)
    return result


def _put(result: Object, field: _Field, child: Node, value: Any) -> None:
    if child.kind == "list":
        result.setdefault(field.name, []).extend(_items(child.element or child, value))
    elif child.kind == "map" and not child.fields:
        entry = dict(_parts(_bytes(value)))
        key = _bytes(entry.get(1, b"")).decode()
        result.setdefault(field.name, {})[key] = _value(child.element or child, entry.get(2, b""))
    else:
        found = _value(child, value)
        keep = field.pointer or isinstance(found, dict) or found not in _ZERO
        if found is not None and keep:
            result[field.name] = found


def _items(element: Node, value: Any) -> list[Any]:
    """One item, or all of a packed list of numbers."""
    packed = (
        element.kind == "scalar"
        and element.format in ("int32", "int64", "boolean")
        and isinstance(value, bytes)
    )
    if not packed:
        return [_value(element, value)]
    found, at = [], 0
    while at < len(value):
        number, at = _varint(value, at)
        found.append(_value(element, number))
    return found


def _value(node: Node, value: Any) -> Any:
    if node.kind == "scalar":
        return _scalar(node.format, value)
    raw = _bytes(value)
    if node.kind == "any":
        # FieldsV1 and RawExtension: JSON text in field 1
        text = dict(_parts(raw)).get(1, b"")
        return json.loads(_bytes(text)) if text else None
    if node.kind == "list":
        # a named list type (ExtraValue) is a message of its items
        return [_value(node.element or node, each) for _, each in _parts(raw)]
    return _message(_message_name(node.definition), node, raw)


def _scalar(kind: str, value: Any) -> Any:
    if kind in ("int32", "int64", "integer"):
        return _signed(value)
    if kind == "boolean":
        return bool(value)
    raw = _bytes(value)
    if kind == "byte":
        return base64.b64encode(raw).decode()
    if kind == "quantity":
        return _bytes(dict(_parts(raw)).get(1, b"0")).decode()
    if kind == "intOrString":
        parts = dict(_parts(raw))
        return _bytes(parts.get(3, b"")).decode() if parts.get(1) else _signed(parts.get(2, 0))
    if kind == "time":
        return _time(raw)
    return raw.decode()


def _time(raw: bytes) -> str | None:
    """A moment; None for Go's zero time."""
    stamp = dict(_parts(raw))
    seconds, nanos = _signed(stamp.get(1, 0)), _signed(stamp.get(2, 0))
    if seconds <= 0:
        return None
    moment = datetime.fromtimestamp(seconds, UTC)
    fraction = f".{nanos // 1000:06d}" if nanos else ""
    return f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}Z"


def _signed(value: Any) -> int:
    if not isinstance(value, int):
        raise _BrokenError("a number was expected")
    return value - (1 << 64) if value >= 1 << 63 else value


def _bytes(value: Any) -> bytes:
    if not isinstance(value, bytes):
        raise _BrokenError("bytes were expected")
    return value


def _parts(raw: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Field numbers and values of one message, in wire order."""
    at = 0
    while at < len(raw):
        tag, at = _varint(raw, at)
        wire = tag & 7
        if wire == 0:
            value, at = _varint(raw, at)
            yield tag >> 3, value
            continue
        if wire == 2:
            size, at = _varint(raw, at)
        elif wire in (1, 5):
            size = 8 if wire == 1 else 4
        else:
            raise _BrokenError(f"unknown wire type {wire}")
        if at + size > len(raw):
            raise _BrokenError("the message ends early")
        yield tag >> 3, raw[at : at + size]
        at += size


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(raw) or shift > 63:
            raise _BrokenError("a number does not end")
        byte = raw[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return value, at
        shift += 7
