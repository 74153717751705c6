"""Single values against their type, in the words of the API server's decoder (Go's encoding/json)."""

from __future__ import annotations

import calendar
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from portal.policy.quantities import QuantityError, parse_quantity
from portal.policy.schema.types import Node

_LIMITS = {"int32": 2**31, "int64": 2**63, "integer": 2**63, "intOrString": 2**31}
_PLAIN_QUANTITY = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,9})?(?:Ki|Mi|Gi|Ti|Pi|Ei|m|k|M|G|T|P|E)?")
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_BASE64_DIGIT = re.compile(rb"[A-Za-z0-9+/]")
_NEWLINES = str.maketrans("", "", "\r\n")
# what Go expects of a time, piece by piece
_DAY = (
    ("2006", re.compile(r"[0-9]{4}")), ("-", re.compile("-")), ("01", re.compile(r"[0-9]{2}")),
    ("-", re.compile("-")), ("02", re.compile(r"[0-9]{2}")), ("T", re.compile("T")),
    ("15", re.compile(r"[0-9]{1,2}")), (":", re.compile(":")), ("04", re.compile(r"[0-9]{2}")),
    (":", re.compile(":")),
)  # fmt: skip
_ZONE = ("Z07:00", re.compile(r"Z|[+-][0-9]{2}:[0-9]{2}"))
_LAYOUTS = {
    "time": ("2006-01-02T15:04:05Z07:00", (*_DAY, ("05", re.compile(r"[0-9]{2}(?:[.,][0-9]+)?")), _ZONE)),
    "microTime": (
        "2006-01-02T15:04:05.000000Z07:00",
        (*_DAY, ("05", re.compile(r"[0-9]{2}")), (".000000", re.compile(r"[.,][0-9]{6}")), _ZONE),
    ),
}  # fmt: skip
_RANGES = {"01": ("month", 1, 12), "15": ("hour", 0, 23), "04": ("minute", 0, 59), "05": ("second", 0, 59)}
MAX_QUOTED = 300


@dataclass(frozen=True)
class Wrong:
    """Why Go cannot read a value: `text`, or a value that JSON calls `json` where the type `go` is wanted."""

    text: str = ""
    json: str = ""
    go: str = ""

    def said(self, struct: str, fields: str) -> str:
        """The decoder's message. `fields` is the path without indices and without keys of maps."""
        if self.text:
            return self.text
        return f"json: cannot unmarshal {self.json} into Go struct field {struct}.{fields} of type {self.go}"


def json_type(value: Any) -> str:
    """What Go's json calls a value's type."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, Mapping):
        return "object"
    return "array" if isinstance(value, list | tuple | set) else "string"


def quoted(text: str) -> str:
    """As Go quotes it; cut where it would be endless."""
    return json.dumps(text if len(text) <= MAX_QUOTED else f"{text[:MAX_QUOTED]}…", ensure_ascii=False)


def why_wrong(node: Node, value: Any) -> Wrong | None:
    """What the decoder has against a value that is not null where `node`, a scalar, is wanted."""
    if isinstance(value, Mapping | list):
        return (
            Wrong(json=json_type(value), go=_scalar_type(node))
            if node.format != "quantity"
            else _quantity("")
        )
    kind = node.format
    if kind in _LIMITS:
        return None if kind == "intOrString" and isinstance(value, str) else _whole(node, value)
    if kind == "boolean":
        return None if isinstance(value, bool) else Wrong(json=json_type(value), go="bool")
    if kind == "quantity":
        return _quantity(_written(value))
    if kind in ("number", "double", "float"):
        numeric = isinstance(value, int | float) and not isinstance(value, bool)
        return None if numeric else Wrong(json=json_type(value), go="float64")
    if json_type(value) != "string":
        return Wrong(json=json_type(value), go=_scalar_type(node))
    if kind == "byte":
        fault = base64_fault(value) if isinstance(value, str) else None
        return None if fault is None else Wrong(f"illegal base64 data at input byte {fault}")
    if kind in _LAYOUTS and isinstance(value, str):
        text = time_fault(value, kind)
        return Wrong(text) if text else None
    return None


def _scalar_type(node: Node) -> str:
    """The Go type that is named in messages; types that read themselves name what they read as."""
    return {"intOrString": "int32", "time": "string", "microTime": "string"}.get(node.format) or node.go


def _whole(node: Node, value: Any) -> Wrong | None:
    numeric = isinstance(value, int | float) and not isinstance(value, bool)
    limit = _LIMITS[node.format]
    if numeric and not isinstance(value, float) and -limit <= value < limit:
        return None
    return Wrong(json=f"number {_written(value)}" if numeric else json_type(value), go=_scalar_type(node))


def _written(value: Any) -> str:
    """A number, boolean or null as JSON has it; numbers beyond all reason are not spelt out."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, int) and value.bit_length() > MAX_QUOTED:
        return "-…" if value < 0 else "…"
    return str(value)[:MAX_QUOTED]


def key_text(key: Any) -> str:
    """A mapping's key as JSON would have it."""
    text = key if isinstance(key, str) else _written(key)
    return text if len(text) <= MAX_QUOTED else f"{text[:MAX_QUOTED]}…"


def json_text(value: Any) -> str:
    """A scalar as JSON has it, cut where it would be endless."""
    return quoted(value) if isinstance(value, str) else _written(value)


def _quantity(text: str) -> Wrong | None:
    if _PLAIN_QUANTITY.fullmatch(text):
        return None
    try:
        parse_quantity(text.strip())
    except QuantityError as exc:
        return Wrong(str(exc))
    return None


def base64_fault(text: str) -> int | None:
    """Where Go stops reading base64, or None when it reads all of it."""
    if _BASE64.fullmatch(text if text.isalnum() else text.translate(_NEWLINES)):
        return None
    data = text.encode("utf-8", "surrogatepass")
    marks = [at for at, byte in enumerate(data) if byte not in b"\r\n"]
    for number, at in enumerate(marks):
        if _BASE64_DIGIT.match(data, at):
            continue
        filled, rest = number % 4, marks[number + 1 :]
        if data[at] != ord("=") or filled < 2:
            return at
        if filled == 2:
            if not rest:
                return len(data)
            if data[rest[0]] != ord("="):
                return rest[0] - 1
            rest = rest[1:]
        return rest[0] if rest else None
    return len(data) - len(marks) % 4


def time_fault(text: str, kind: str = "time") -> str:
    """Go's complaint about a time, or ""."""
    layout, pieces = _LAYOUTS[kind]
    at = 0
    numbers: dict[str, int] = {}
    for element, pattern in pieces:
        match = pattern.match(text, at)
        if match is None:
            rest = quoted(text[at:])
            return f'parsing time {quoted(text)} as "{layout}": cannot parse {rest} as "{element}"'
        if element.isdigit():
            numbers[element] = int(match[0][:4].split(".")[0].split(",")[0])
            name, low, high = _RANGES.get(element, ("", 0, 9999))
            if not low <= numbers[element] <= high:
                return f"parsing time {quoted(text)}: {name} out of range"
        at = match.end()
    if at < len(text):
        return f"parsing time {quoted(text)}: extra text: {quoted(text[at:])}"
    days = calendar.monthrange(numbers["2006"] or 4, numbers["01"])[1]
    return "" if 1 <= numbers["02"] <= days else f"parsing time {quoted(text)}: day out of range"
