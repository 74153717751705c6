"""The evaluator's error texts in the API server's words (cel-go's), which people know and tools match on."""

from __future__ import annotations

import re
from collections.abc import Callable

_STATUS = re.compile(r"^[A-Z_]+: ")
_TRAILER = re.compile(r" \[[A-Z_]+\]$")
_KIND_NAMES = {"int64": "int", "uint64": "uint"}
COST_EXCEEDED = "operation cancelled: actual cost limit exceeded"

Translation = str | Callable[[re.Match[str]], str]


def _key(found: re.Match[str]) -> str:
    key = found[1]
    return f"no such key: {key[1:-1] if key[:1] == chr(34) else key}"


def _conversion(found: re.Match[str]) -> str:
    source, target = (_KIND_NAMES.get(name, name) for name in found.groups())
    return f"type conversion error from '{source}' to '{target}'"


TRANSLATIONS: tuple[tuple[re.Pattern[str], Translation], ...] = tuple(
    (re.compile(pattern, re.DOTALL), translation)
    for pattern, translation in (
        (r"^Key not found in map : (.*)$", _key),
        (r"^Applying SELECT to non-message type$", "no such key"),
        (r"^divide by zero$", "division by zero"),
        (r"^modulus by zero$", "modulus by zero"),
        (r"^cannot convert (string|int64|uint64|double|bytes|bool) to (\w+)$", _conversion),
        (
            r"^String to (Timestamp|Duration) conversion failed$",
            lambda found: f"type conversion error from 'string' to '{found[1].lower()}'",
        ),
        (r"^Index error: index=(-?\d+) size=\d+$", lambda found: f"index out of bounds: {found[1]}"),
        (r"^Index error: expected integer type", "unsupported index type"),
        (r"^No matching overloads found", "no such overload"),
        (r"integer overflow|int64 out of|uint64 out of|out of .*range", "integer overflow"),
        (r"Iteration budget exceeded", COST_EXCEEDED),
        (r"greater than <string>\.size", "index out of range"),
    )
)


def without_status(raw: str) -> str:
    return _TRAILER.sub("", _STATUS.sub("", raw))


def in_server_words(raw: str) -> str:
    """`raw` as cel-go would have said it; unknown texts stay as they are, without the status prefix."""
    text = without_status(raw)
    for pattern, translation in TRANSLATIONS:
        found = pattern.search(text)
        if found:
            return translation if isinstance(translation, str) else translation(found)
    return text
