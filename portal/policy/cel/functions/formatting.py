"""`format` of texts (cel-go, ext/formatting.go), when it runs and when its arguments are written out."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator
from typing import Any

from portal.policy.cel.conversions import to_text
from portal.policy.cel.errors import CANCELLED, MAX_TEXT, Cancelled, CelError, Problem
from portal.policy.cel.functions.registry import define
from portal.policy.cel.kinds import OUTPUT_NAMES, Kind
from portal.policy.cel.tree import Call, Expr, ListExpr, Literal, MapExpr
from portal.policy.cel.values import Duration, Timestamp, TypeValue, Uint, type_name

_CLAUSE = re.compile(r"%(?:%|(?:\.(\d*))?(.?))", re.DOTALL | re.ASCII)
_PRINTED = frozenset({int, Uint, float, bool, str, bytes, Timestamp, Duration, TypeValue})
_POWERS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
MAX_PRECISION = 1000
WANTED = {
    "s": "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, "
    "durations, and timestamps",
    "d": "decimal clause can only be used on integers",
    "f": "fixed-point clause can only be used on doubles",
    "e": "scientific clause can only be used on doubles",
    "b": "only integers and bools can be formatted as binary",
    "x": "only integers, byte buffers, and strings can be formatted as hex",
    "o": "octal clause can only be used on integers",
}
# which types each clause takes when they are known before it runs
CHECKED: dict[str, frozenset[str]] = {
    "d": frozenset({"int", "uint"}),
    "f": frozenset({"double", "string"}),
    "e": frozenset({"double", "string"}),
    "b": frozenset({"int", "uint", "bool"}),
    "x": frozenset({"int", "uint", "string", "bytes"}),
    "o": frozenset({"int", "uint"}),
    "s": frozenset(
        {"list", "map", "int", "uint", "double", "bool", "string", "timestamp", "bytes", "duration", "type"}
        | {"null"}
    ),
}


def _clauses(text: str, count: int) -> Iterator[tuple[str, str, int, int | None]]:
    """Pieces of the text: what stands before a clause, the clause, its argument's index and its precision."""
    position = index = 0
    before = ""
    for found in _CLAUSE.finditer(text):
        before += text[position : found.start()]
        position = found.end()
        if found.group() == "%%":
            before += "%"
            continue
        if index >= count:
            raise CelError(f"index {index} out of range")
        clause = found[2]
        if not clause and found[1] is None:
            raise CelError("unexpected end of string")
        problem = _clause_problem(clause, found[1])
        if problem:
            raise CelError(f"could not parse formatting clause: {problem}")
        yield before, clause, index, None if found[1] is None else int(found[1])
        before, index = "", index + 1
    yield before + text[position:], "", index, None


def _clause_problem(clause: str, precision: str | None) -> str:
    if precision is not None:
        if not clause:
            return "error while parsing precision: could not find end of precision specifier"
        if not precision:
            said = 'error while converting precision to integer: strconv.Atoi: parsing "": invalid syntax'
            return f"error while parsing precision: {said}"
    if clause.lower() not in WANTED or clause in "SDFEBO":
        return f'unrecognized formatting clause "{clause}"'
    return ""


@define(".format", str, list)
def _format(text: str, arguments: list[Any]) -> str:
    pieces: list[str] = []
    size = 0
    for before, clause, index, precision in _clauses(text, len(arguments)):
        pieces.append(before)
        if clause:
            if precision is not None and precision > MAX_PRECISION:
                raise Cancelled(CANCELLED)
            try:
                pieces.append(_FORMATS[clause](arguments[index], 6 if precision is None else precision))
            except CelError as exc:
                raise CelError(f"error during formatting: {exc}") from None
        size += len(pieces[-1]) + len(before)
        if size > MAX_TEXT:
            raise Cancelled(CANCELLED)
    return "".join(pieces)


def _refused(clause: str, value: Any) -> CelError:
    return CelError(f"{WANTED[clause]}, was given {type_name(value)}")


def _text(value: Any, _precision: int = 6) -> str:
    kind = type(value)
    if kind is str:
        return str(value)
    if kind is list:
        return f"[{', '.join(map(_inner, value))}]"
    if kind is dict:
        entries = sorted((_key(key), _inner(item)) for key, item in value.items())
        return "{" + ", ".join(f"{key}:{item}" for key, item in entries) + "}"
    if value is None:
        return "null"
    if kind is TypeValue:
        return str(value.name)
    if kind in _PRINTED:
        return to_text(value)
    raise _refused("s", value)


def _key(key: Any) -> str:
    if type(key) is str:
        return _quoted(key)
    if type(key) is float:
        raise CelError("no formatting function for map key of type double")
    return to_text(key)


def _inner(value: Any) -> str:
    """An element of a list or a map, as CEL would write it."""
    kind = type(value)
    if kind is str:
        return _quoted(value)
    if kind is bytes:
        return f"b{_quoted(to_text(value))}"
    if kind is Timestamp or kind is Duration:
        return f"{'timestamp' if kind is Timestamp else 'duration'}({_quoted(to_text(value))})"
    if kind is float:
        said = "NaN" if math.isnan(value) else ("+Inf" if value > 0 else "-Inf") if math.isinf(value) else ""
        return f'"{said}"' if said else f"{value:.6f}"
    if kind in _PRINTED or kind in (list, dict) or value is None:
        return _text(value)
    raise CelError(f"no formatting function for {type_name(value)}")


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _decimal(value: Any, _precision: int) -> str:
    if type(value) in (int, Uint):
        return str(int(value))
    raise _refused("d", value)


def _double(clause: str) -> Callable[[Any, int], str]:
    def formatted(value: Any, precision: int) -> str:
        if type(value) is str and value in ("NaN", "Infinity", "-Infinity"):
            value = float(value)
        if type(value) is not float:
            raise _refused(clause, value)
        # the server takes the precision of `%e` for a width
        width = precision if clause == "e" else 0
        if math.isnan(value):
            return "NaN".rjust(width)
        if math.isinf(value):
            return ("∞" if value > 0 else "-∞").rjust(width)
        if clause == "f":
            return f"{value:,.{precision}f}"
        mantissa, _, power = f"{value:.6e}".partition("e")
        sign = "⁻" if power[0] == "-" else ""
        return f"{mantissa}×10{sign}{power[1:].translate(_POWERS)}".rjust(width)

    return formatted


def _based(clause: str, spec: str) -> Callable[[Any, int], str]:
    def formatted(value: Any, _precision: int) -> str:
        if type(value) in (int, Uint):
            return format(int(value), spec)
        if clause == "b" and type(value) is bool:
            return "1" if value else "0"
        if clause == "x" and type(value) in (str, bytes):
            raw = value.encode() if type(value) is str else value
            return str(raw.hex().upper() if spec == "X" else raw.hex())
        raise _refused(clause, value)

    return formatted


_FORMATS: dict[str, Callable[[Any, int], str]] = {
    "s": _text,
    "d": _decimal,
    "f": _double("f"),
    "e": _double("e"),
    "b": _based("b", "b"),
    "x": _based("x", "x"),
    "X": _based("x", "X"),
    "o": _based("o", "o"),
}


def literal_problem(node: Call, final: Callable[[Kind], Kind]) -> Iterator[Problem]:
    """What is wrong with a call of `format` on a written-out text with a written-out list."""
    arguments = node.arguments[0]
    if not (
        isinstance(node.target, Literal)
        and isinstance(node.target.value, str)
        and len(node.arguments) == 1
        and isinstance(arguments, ListExpr)
    ):
        return
    items = arguments.items
    try:
        used = 0
        for _, clause, index, _ in _clauses(node.target.value, len(items)):
            if clause:
                used = index + 1
                wrong = _wrong(items[index], clause.lower(), final)
                if wrong is not None:
                    at, kind = wrong
                    said = f"{WANTED[clause.lower()]}, was given {kind}"
                    yield Problem(at, f"error during formatting: {said}")
                    return
    except CelError as exc:
        yield Problem(node.at, str(exc))
        return
    if len(items) > used:
        said = f"too many arguments supplied to string.format (expected {used}, got {len(items)})"
        yield Problem(node.at, said)


def _wrong(item: Expr, clause: str, final: Callable[[Kind], Kind]) -> tuple[int, str] | None:
    """Where an argument is of a type that the clause does not take, and that type."""
    kind = final(item.kind)
    name = kind if type(kind) is str else kind[0]
    if kind != "dyn" and name not in CHECKED[clause]:
        shown = OUTPUT_NAMES.get(name, name) if type(kind) is str else str(kind[1])
        return item.at, shown if name in ("opaque", "struct") or type(kind) is str else name
    if clause == "s":
        inner: list[Expr] = []
        if isinstance(item, ListExpr):
            inner = item.items
        elif isinstance(item, MapExpr):
            inner = [part for key, value, _ in item.entries for part in (key, value)]
        for part in inner:
            wrong = _wrong(part, clause, final)
            if wrong is not None:
                return wrong
    return None
