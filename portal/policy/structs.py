"""The types of Kubernetes 1.36 as Go writes them: which fields there are, and which are written when empty.

`data/structs.txt` first names the type of each kind, then the fields of each type: a name, a colon, a shape
and a mark. Shapes: `s` text, `i` whole number, `f` number, `b` boolean, `q` quantity, `x` number or text,
`t` and `m` times, `y` bytes, `a` anything, `[]…` list, `{}…` map, else a type's name. Marks: none for what
is left out when empty, `?` for what is left out when null, `!` for what is always written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

OBJECT_META = "ObjectMeta"
_FILE = Path(__file__).parent / "data" / "structs.txt"
_FIELD = re.compile(r"^([^:]+):(.+?)([!?]*)$")


@dataclass(frozen=True)
class Shape:
    """A value's shape; `inner` is that of a list's or a map's values, or None."""

    name: str
    inner: Shape | None = None


@dataclass(frozen=True)
class Field:
    name: str
    shape: Shape
    # written even when empty
    always: bool
    # a pointer in Go: left out when null, kept when empty
    pointer: bool


@cache
def _tables() -> tuple[dict[tuple[str, str], str], dict[str, str]]:
    kinds_part, _, types_part = _FILE.read_text("utf-8").partition("\n\n")
    kinds = {}
    for line in kinds_part.splitlines():
        api_version, kind, name = line.split()
        kinds[api_version, kind] = name
    types = dict(line.partition(" ")[::2] for line in types_part.splitlines())
    return kinds, types


def struct_name(api_version: str, kind: str) -> str:
    """The type of a built-in kind, "" when Kubernetes 1.36 serves none of that version by default."""
    return _tables()[0].get((api_version, kind), "")


@cache
def struct(name: str) -> Mapping[str, Field]:
    """The fields of a type, by name."""
    found = {}
    for word in _tables()[1][name].split():
        match = _FIELD.match(word)
        if match is None:
            raise ValueError(f"{_FILE.name}: {name}: {word} is no field")
        found[match[1]] = Field(match[1], _shape(match[2]), "!" in match[3], "?" in match[3])
    return found


@cache
def _shape(text: str) -> Shape:
    if text.startswith(("[]", "{}")):
        return Shape(text[:2], _shape(text[2:]))
    return Shape(text)
