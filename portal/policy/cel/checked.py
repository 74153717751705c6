"""Lists and maps whose elements differ in type: the API server refuses them, Google's checker does not.

The checked expression is read from its serialised form (cel/expr/checked.proto and syntax.proto), of which
only the nodes, their types and their positions matter here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

Fields = dict[int, list["int | bytes"]]

# field numbers of cel.expr.Expr and its parts
ID, SELECT, CALL, LIST, STRUCT, COMPREHENSION = 2, 5, 6, 7, 8, 9
PRIMITIVES = {1: "bool", 2: "int", 3: "uint", 4: "double", 5: "string", 6: "bytes"}
WELL_KNOWN = {1: "any", 2: "timestamp", 3: "duration"}
# the arguments of `format` may be of any kinds
EXEMPT = b"format"


@dataclass(frozen=True)
class Mismatch:
    """The first element whose type is not that of the elements before it; `at` is its offset."""

    message: str
    at: int


def type_mismatch(serialized: bytes) -> Mismatch | None:
    """The first literal of mixed types in a checked expression, as `Expression.serialize()` gives it."""
    any_message = _fields(serialized)
    checked = _fields(_bytes(any_message, 2))
    types = {_number(entry, 1): _bytes(entry, 2) for entry in map(_fields, _all(checked, 3))}
    positions = {
        _number(entry, 1): _number(entry, 2) for entry in map(_fields, _all(_fields(_bytes(checked, 5)), 4))
    }
    for elements in _literals(_bytes(checked, 4)):
        first: bytes | None = None
        for expression, optional in elements:
            identity = _number(_fields(expression), ID)
            kind = types.get(identity, b"")
            kind = _unwrapped(kind) if optional else kind
            if first is None:
                first = kind
            elif first != kind:
                said = f"expected type '{_name(first)}' but found '{_name(kind)}'"
                return Mismatch(said, positions.get(identity, 0))
    return None


def _literals(expression: bytes) -> Iterator[list[tuple[bytes, bool]]]:
    """The elements of each list, and the keys and the values of each map: (expression, whether optional)."""
    node = _fields(expression)
    if LIST in node:
        content = _fields(_bytes(node, LIST))
        optional = set(_packed(content, 2))
        yield [(element, index in optional) for index, element in enumerate(_all(content, 1))]
    if STRUCT in node:
        entries = [_fields(entry) for entry in _all(_fields(_bytes(node, STRUCT)), 2)]
        yield [(_bytes(entry, 3), False) for entry in entries if 3 in entry]
        yield [(_bytes(entry, 4), bool(_number(entry, 5))) for entry in entries]
    for child in _children(node):
        yield from _literals(child)


def _children(node: Fields) -> Iterator[bytes]:
    if CALL in node:
        call = _fields(_bytes(node, CALL))
        if call.get(2) == [EXEMPT]:
            return
        yield from (*_all(call, 1), *_all(call, 3))
    if SELECT in node:
        yield from _all(_fields(_bytes(node, SELECT)), 1)
    if LIST in node:
        yield from _all(_fields(_bytes(node, LIST)), 1)
    if STRUCT in node:
        for entry in map(_fields, _all(_fields(_bytes(node, STRUCT)), 2)):
            yield from (*_all(entry, 3), *_all(entry, 4))
    if COMPREHENSION in node:
        comprehension = _fields(_bytes(node, COMPREHENSION))
        for number in (2, 4, 5, 6, 7):
            yield from _all(comprehension, number)


def _unwrapped(kind: bytes) -> bytes:
    """What an optional type is an optional of."""
    fields = _fields(kind)
    inner = _all(_fields(_bytes(fields, 14)), 2) if 14 in fields else []
    return inner[0] if inner else kind


def _name(kind: bytes) -> str:
    """A cel.expr.Type as the API server spells it."""
    fields = _fields(kind)
    if 3 in fields:
        return PRIMITIVES.get(_number(fields, 3), "dyn")
    if 5 in fields:
        return WELL_KNOWN.get(_number(fields, 5), "dyn")
    if 6 in fields:
        return f"list({_name(_bytes(_fields(_bytes(fields, 6)), 1))})"
    if 7 in fields:
        entry = _fields(_bytes(fields, 7))
        return f"map({_name(_bytes(entry, 1))}, {_name(_bytes(entry, 2))})"
    if 14 in fields:
        abstract = _fields(_bytes(fields, 14))
        inner = ", ".join(_name(parameter) for parameter in _all(abstract, 2))
        name = _bytes(abstract, 1).decode()
        return f"{name}({inner})" if inner else name
    return "null" if 2 in fields else "dyn"


def _fields(message: bytes) -> Fields:
    """The fields of a protobuf message by number: varints as int, the rest as bytes."""
    fields: Fields = {}
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        number, wire = tag >> 3, tag & 7
        value: int | bytes
        if wire == 0:
            value, at = _varint(message, at)
        elif wire in (1, 5):
            size = 8 if wire == 1 else 4
            value, at = message[at : at + size], at + size
        else:
            size, at = _varint(message, at)
            value, at = message[at : at + size], at + size
        fields.setdefault(number, []).append(value)
    return fields


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if not byte & 0x80:
            return value, at
        shift += 7


def _all(fields: Fields, number: int) -> list[bytes]:
    return [value for value in fields.get(number, []) if isinstance(value, bytes)]


def _bytes(fields: Fields, number: int) -> bytes:
    found = _all(fields, number)
    return found[-1] if found else b""


def _number(fields: Fields, number: int) -> int:
    found = [value for value in fields.get(number, []) if isinstance(value, int)]
    return found[-1] if found else 0


def _packed(fields: Fields, number: int) -> list[int]:
    values: list[int] = [value for value in fields.get(number, []) if isinstance(value, int)]
    for chunk in _all(fields, number):
        at = 0
        while at < len(chunk):
            value, at = _varint(chunk, at)
            values.append(value)
    return values
