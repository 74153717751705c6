"""Go templates cut into actions and tokens, as `text/template/parse` does; text and comments are left out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, cast

from portal.core.documents import load_mapping
from portal.core.errors import InvalidInput
from services_catalog import archives
from services_catalog.unpacking import read_archive

TokenKind = Literal["function", "path", "text", "mark"]
COMMENT = re.compile(r"\{\{(?:-\s+)?/\*")
TOKEN = re.compile(
    r"""
      (?P<end>\}\})
    | (?P<text>"(?:\\.|[^"\\])*" | `[^`]*` | '(?:\\.|[^'\\])*')
    | (?P<path>\$\w*(?:\.\w+)* | (?:\.\w+)+)
    | (?P<function>[^\W\d]\w*)
    | (?P<mark>\d[\w.]* | \S)
    | (?P<space>\s+)
    """,
    re.VERBOSE | re.DOTALL,
)
# charts within charts within charts; each archive is bounded by itself
MAX_DEPTH = 4


@dataclass(frozen=True)
class Token:
    """`path` is `.Values.a` or `$x.Release.Name`; `text` is a string without its quotes."""

    kind: TokenKind
    text: str
    line: int


@dataclass(frozen=True)
class Template:
    """One file that helm parses. `scope` are the names of the subcharts it stands in, outermost first."""

    path: str
    text: str
    scope: tuple[str, ...]


def templates(files: Mapping[str, bytes]) -> Iterator[Template]:
    """The chart's templates and those of its subcharts, unpacked or not; NOTES.txt makes no objects.

    Raises ChartUnusable for an archive that cannot be read.
    """
    yield from _templates(files, "", (), 0)


def _templates(
    files: Mapping[str, bytes], prefix: str, scope: tuple[str, ...], depth: int
) -> Iterator[Template]:
    for path in sorted(files):
        parts, inner = path.split("/"), scope
        while len(parts) > 2 and parts[0] == "charts":
            parts, inner = parts[2:], (*inner, parts[1])
        if parts[0] == "charts" and len(parts) == 2 and parts[1].endswith((".tgz", ".tar.gz")):
            if depth == MAX_DEPTH:
                raise archives.ChartUnusable(f"{prefix}{path}: subcharts are nested too deep.")
            packed = read_archive(files[path])
            yield from _templates(packed, f"{prefix}{path}/", (*inner, _name_of(packed)), depth + 1)
        elif parts[0] == "templates" and len(parts) > 1:
            text = files[path].decode(errors="replace")
            if parts[-1] != "NOTES.txt" or "define" in text:
                yield Template(prefix + path, text, inner)


def _name_of(files: Mapping[str, bytes]) -> str:
    try:
        return str(load_mapping(files.get("Chart.yaml", b"")).get("name") or "")
    except InvalidInput:
        return ""


def actions(text: str) -> Iterator[list[Token]]:
    """The tokens of each `{{ … }}`. What is not closed is read to its end: helm will refuse it anyway."""
    position, line = 0, 1
    while (start := text.find("{{", position)) >= 0:
        line += text.count("\n", position, start)
        comment = COMMENT.match(text, start)
        if comment is None:
            trimmed = text[start + 2 : start + 3] == "-"
            found, position = _action(text, start + 2 + trimmed, line)
            yield found
        else:
            closed = text.find("*/", comment.end())
            end = text.find("}}", closed) if closed >= 0 else -1
            position = end + 2 if end >= 0 else len(text)
        line += text.count("\n", start, position)


def _action(text: str, position: int, line: int) -> tuple[list[Token], int]:
    found: list[Token] = []
    while match := TOKEN.match(text, position):
        position = match.end()
        kind, said = match.lastgroup, match.group()
        if kind == "end":
            break
        if kind in {"function", "path", "text", "mark"}:
            found.append(Token(cast(TokenKind, kind), said[1:-1] if kind == "text" else said, line))
        line += said.count("\n")
    return found, position
