"""Which documents there are, in which order, with their sections: read once, from `docs/README.md` on.

Whatever is asked for by name is looked up here; no address ever becomes a path.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path

from markdown.extensions.toc import unique

from portal.core.errors import NotFound
from portal.settings.environment import PROJECT_DIR

FOLDER = PROJECT_DIR / "docs"
INDEX = "README.md"
PICTURES = "screenshots"
DEEPEST = 3  # of the headings that "On this page" shows

_PART = re.compile(r"^## (?P<part>.+)$")
_ENTRY = re.compile(r"^- \[(?P<title>[^]]+)\]\((?P<path>[a-z0-9/-]+\.md)\): (?P<summary>.+)$")
_HEADING = re.compile(r"^(?P<marks>#{1,6}) +(?P<text>.+?) *$")
_FENCE = re.compile(r"^ *(```|~~~)")
_LINK = re.compile(r"!?\[([^]]*)\]\([^)]*\)")
_RULE = re.compile(r"(?:^| )-{3,}(?= |$)")
_PICTURE = re.compile(r"!\[[^]]*\]\((?:\.\./)?screenshots/(?P<name>[a-z0-9-]+\.png)\)")
_PNG_SIZE = slice(16, 24)  # of the header: width, height


@dataclass(frozen=True)
class Section:
    """A heading with what stands under it, up to the next heading."""

    heading: str
    level: int
    anchor: str
    text: str


@dataclass(frozen=True)
class Document:
    """One file of `docs/`. `name` is its name in addresses, `path` its place; `part` the heading of the index
    that it stands under."""

    name: str
    path: str
    title: str
    summary: str
    part: str
    source: str
    sections: tuple[Section, ...]

    @property
    def contents(self) -> list[Section]:
        return [section for section in self.sections if 1 < section.level <= DEEPEST]


@dataclass(frozen=True)
class Picture:
    """A screenshot that a document shows, with its size in pixels."""

    path: Path
    width: int
    height: int


@cache
def documents() -> dict[str, Document]:
    """By name, in the order of the index; nothing where the portal was installed without its guides."""
    index = FOLDER / INDEX
    return {found.name: found for found in _listed(index.read_text())} if index.is_file() else {}


def parts() -> list[tuple[str, list[Document]]]:
    """The index's headings with their documents."""
    return [(part, list(group)) for part, group in groupby(documents().values(), lambda each: each.part)]


def named(name: str) -> Document:
    """Raises NotFound, also for what lies in `docs/` but not in its index."""
    try:
        return documents()[name]
    except KeyError:
        raise NotFound("There is no such document. The list of all of them is at /docs/.") from None


def beside(document: Document) -> tuple[Document | None, Document | None]:
    """The documents before and after this one."""
    everything = list(documents().values())
    at = everything.index(document)
    return (everything[at - 1] if at else None), (everything[at + 1] if at + 1 < len(everything) else None)


@cache
def pictures() -> dict[str, Picture]:
    """By file name: the pictures that documents show, and no other file."""
    names = {match["name"] for each in documents().values() for match in _PICTURE.finditer(each.source)}
    paths = {name: FOLDER / PICTURES / name for name in sorted(names)}
    return {name: Picture(path, *_size(path)) for name, path in paths.items() if path.is_file()}


def picture(name: str) -> Picture:
    """Raises NotFound for what no document shows."""
    try:
        return pictures()[name]
    except KeyError:
        raise NotFound("No document shows such a picture.") from None


def anchor_of(heading: str, separator: str = "-") -> str:
    """As GitHub makes it, so that the same links work in both places."""
    kept = "".join(sign for sign in heading.strip().lower() if sign.isalnum() or sign in " -_")
    return kept.replace(" ", separator)


def _listed(index: str) -> Iterator[Document]:
    part = ""
    for line in index.splitlines():
        if match := _PART.match(line):
            part = match["part"]
        elif match := _ENTRY.match(line):
            source = (FOLDER / match["path"]).read_text()
            name = match["path"].removesuffix(".md").replace("/", "-")
            sections = tuple(_sections(source))
            yield Document(name, match["path"], match["title"], match["summary"], part, source, sections)


def _sections(source: str) -> Iterator[Section]:
    """The first is the title with what stands below it."""
    heading, level, lines = "", 0, list[str]()
    anchors: set[str] = set()
    fenced = False
    for line in source.splitlines():
        if _FENCE.match(line):
            fenced = not fenced
            continue
        match = None if fenced else _HEADING.match(line)
        if match is None:
            lines.append(line)
            continue
        if level:
            yield _section(heading, level, lines, anchors)
        heading, level, lines = _plain(match["text"]), len(match["marks"]), []
    if level:
        yield _section(heading, level, lines, anchors)


def _section(heading: str, level: int, lines: list[str], anchors: set[str]) -> Section:
    anchor = unique(anchor_of(heading), anchors) if level > 1 else ""
    text = _RULE.sub(" ", _plain(" ".join(lines))).replace("*", "")
    return Section(heading, level, anchor, " ".join(text.split()))


def _plain(text: str) -> str:
    """Without the signs of Markdown."""
    return _LINK.sub(r"\1", text).replace("`", "").replace("**", "").replace("|", " ")


def _size(path: Path) -> tuple[int, int]:
    width, height = struct.unpack(">II", path.read_bytes()[_PNG_SIZE])
    return width, height
