"""How a library function is declared: once, for the type checker and for the evaluator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from cel_expr_python import cel

# cel_expr_python is untyped at its edges
CelType: TypeAlias = Any

BOOL, BYTES, DOUBLE, DYN = cel.Type.BOOL, cel.Type.BYTES, cel.Type.DOUBLE, cel.Type.DYN
INT, STRING, UINT, LIST, MAP = cel.Type.INT, cel.Type.STRING, cel.Type.UINT, cel.Type.LIST, cel.Type.MAP
STRINGS = cel.Type.List(STRING)
INTS = cel.Type.List(INT)
QUERY = cel.Type.Map(STRING, STRINGS)

# stands around the tag; the evaluator cuts bytes from Python at a zero
MARK = "\x1f"
# any argument: the evaluator dispatches by kind, and knows no "any"
KINDS = (BOOL, BYTES, DOUBLE, INT, STRING, UINT, LIST, MAP, cel.Type.NULL)


@dataclass(frozen=True)
class Opaque:
    """A value type of Kubernetes' that travels as tagged bytes."""

    tag: str
    type: CelType

    def pack(self, payload: str) -> bytes:
        return f"{MARK}{self.tag}{MARK}{payload}".encode()

    def unpack(self, packed: bytes | bytearray) -> str:
        parts = bytes(packed).decode().split(MARK, 2)
        if parts[:-1] != ["", self.tag]:
            raise ValueError("no such overload")
        return parts[-1]


def opaque(tag: str, type_name: str) -> Opaque:
    return Opaque(tag, cel.Type.AbstractType(type_name))


@dataclass(frozen=True)
class Overload:
    result: CelType
    parameters: Sequence[CelType | Opaque]
    implementation: Callable[..., Any]


@dataclass(frozen=True)
class Function:
    """A function by its name; `member` says that the first parameter stands before the dot."""

    name: str
    overloads: Sequence[Overload]
    member: bool = False


def list_of(item: CelType) -> CelType:
    return cel.Type.List(item)


def function(
    name: str, result: Any, parameters: Sequence[Any], implementation: Callable[..., Any]
) -> Function:
    return Function(name, (Overload(result, parameters, implementation),))


def method(name: str, result: Any, parameters: Sequence[Any], implementation: Callable[..., Any]) -> Function:
    return Function(name, (Overload(result, parameters, implementation),), member=True)
