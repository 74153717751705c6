"""Texts (cel-go, common/stdlib and ext/strings.go, version 2)."""

from __future__ import annotations

from typing import Any

from portal.policy.cel.errors import CANCELLED, MAX_TEXT, Cancelled, CelError
from portal.policy.cel.functions.registry import IMPLEMENTATIONS, define, no_overload

_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_UPPER = {code: code - 32 for code in range(ord("a"), ord("z") + 1)}
# what Go calls white space
_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_QUOTES = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"}
_QUOTES |= {"\\": "\\\\", '"': '\\"'}


def _size(value: Any) -> int:
    if type(value) in (str, list, dict, bytes):
        return len(value)
    raise CelError("no such overload: size")


IMPLEMENTATIONS |= {"size": _size, ".size": _size}


def _out_of_range(index: int) -> CelError:
    return CelError(f"index out of range: {index}")


def _plain(text: Any, other: Any) -> None:
    """The standard functions on texts do not say more."""
    if type(text) is not str or type(other) is not str:
        raise CelError("no such overload")


def _contains(text: Any, part: Any) -> bool:
    _plain(text, part)
    return part in text


def _starts(text: Any, part: Any) -> bool:
    _plain(text, part)
    return bool(text.startswith(part))


def _ends(text: Any, part: Any) -> bool:
    _plain(text, part)
    return bool(text.endswith(part))


IMPLEMENTATIONS |= {".contains": _contains, ".startsWith": _starts, ".endsWith": _ends}


@define(".charAt", str, int)
def _char_at(text: str, index: int) -> str:
    if not 0 <= index <= len(text):
        raise _out_of_range(index)
    return text[index : index + 1]


@define(".lowerAscii", str)
def _lower(text: str) -> str:
    return text.translate(_LOWER)


@define(".upperAscii", str)
def _upper(text: str) -> str:
    return text.translate(_UPPER)


@define(".trim", str)
def _trim(text: str) -> str:
    return text.strip(_SPACE)


@define(".substring", str, int, int)
def _substring(text: str, start: int, end: int | None = None) -> str:
    if end is None:
        end = len(text)
    elif start > end:
        raise CelError(f"invalid substring range. start: {start}, end: {end}")
    for index in (start, end):
        if not 0 <= index <= len(text):
            raise _out_of_range(index)
    return text[start:end]


@define(".replace", str, str, str, int)
def _replace(text: str, old: str, new: str, count: int = -1) -> str:
    times = text.count(old)
    if count >= 0:
        times = min(times, count)
    if len(text) + times * max(0, len(new) - len(old)) > MAX_TEXT:
        raise Cancelled(CANCELLED)
    return text.replace(old, new, count)


@define(".split", str, str, int)
def _split(text: str, separator: str, count: int = -1) -> list[str]:
    if count == 0:
        return []
    if not separator:
        parts = list(text)
        if 0 < count < len(parts):
            parts = [*parts[: count - 1], "".join(parts[count - 1 :])]
        return parts
    return text.split(separator, count - 1 if count > 0 else -1)


@define(".join", list, str)
def _join(items: list[Any], separator: str = "") -> str:
    for position, item in enumerate(items):
        if type(item) is not str:
            if position == 0:
                raise no_overload("join", *([items, separator] if separator else [items]))
            raise CelError(f"join: invalid input: {item}")
    if sum(map(len, items)) + len(separator) * len(items) > MAX_TEXT:
        raise Cancelled(CANCELLED)
    return separator.join(items)


@define("strings.quote", str)
def _quote(text: str) -> str:
    return '"' + "".join(_QUOTES.get(char, char) for char in text) + '"'


def index_of(text: str, part: str, offset: int = 0) -> int:
    if not part:
        return offset
    if offset < 0:
        raise _out_of_range(offset)
    return text.find(part, offset)


def last_index_of(text: str, part: str, offset: int | None = None) -> int:
    if not part:
        return len(text) if offset is None else offset
    if offset is None:
        return text.rfind(part)
    if offset < 0:
        raise _out_of_range(offset)
    return -1 if offset >= len(text) else text.rfind(part, 0, offset + len(part))
