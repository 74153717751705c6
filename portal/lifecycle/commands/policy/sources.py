"""Reading what is to be judged: YAML and JSON files, folders, standard input; each object with its place."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portal.clusters import goyaml
from portal.core.documents import check_json
from portal.core.errors import SlipwayError

STDIN = "-"
STDIN_NAME = "stdin"
SUFFIXES = frozenset({".yaml", ".yml", ".json"})
MAX_BYTES = 64 * 1024 * 1024


class SourcesUnreadable(SlipwayError):
    """Something that was to be judged could not be read; the message lists all of it."""

    code = "sources_unreadable"

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(["Nothing was judged:", *(f"  {problem}" for problem in problems)]))


@dataclass(frozen=True)
class Source:
    """One object, or what should be one. `line` counts from 1."""

    document: Any
    file: str
    line: int


@dataclass(frozen=True)
class Sources:
    items: Sequence[Source]
    files: int


def read(names: Sequence[str]) -> Sources:
    """Every object of these files and folders; `-` is standard input. Raises SourcesUnreadable.

    Folders are searched for *.yaml, *.yml and *.json; what is hidden is left out. A file without a single
    object is well, all together may not be empty: an empty pipe is a render that failed, not a pass.
    """
    items: list[Source] = []
    problems: list[str] = []
    files = _files(names, problems)
    for name, path in files:
        try:
            items += _read(name, path)
        except (OSError, ValueError) as exc:
            problems.append(f"{name}: {_why(exc)}")
    if not problems and not items:
        problems.append(f"There is no object in {', '.join(names)}.")
    if problems:
        raise SourcesUnreadable(problems)
    return Sources(items, len(files))


def _why(exc: Exception) -> str:
    if isinstance(exc, UnicodeDecodeError):
        return "this is not UTF-8 text"
    return str(exc.strerror) if isinstance(exc, OSError) else str(exc)


def _files(names: Sequence[str], problems: list[str]) -> list[tuple[str, Path | None]]:
    """What the names stand for, every file once; None is standard input."""
    files: dict[Path | None, tuple[str, Path | None]] = {}
    for name in names:
        if name == STDIN:
            files[None] = (STDIN_NAME, None)
            continue
        try:
            found = _under(Path(name))
        except OSError as exc:
            problems.append(f"{exc.filename}: {_why(exc)}")
            continue
        if not found:
            problems.append(f"{name}: there is no YAML or JSON file in this folder")
        for path in found:
            files.setdefault(path.resolve(), (_shown(path), path))
    return list(files.values())


def _under(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found: list[Path] = []
    for folder, folders, files in os.walk(path, onerror=_raise):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(folder, name) for name in files if not name.startswith(".")]
    return sorted(file for file in found if file.suffix.lower() in SUFFIXES)


def _raise(problem: OSError) -> None:
    """A folder that cannot be looked into must not look empty."""
    raise problem


def _shown(path: Path) -> str:
    """Relative to where the command was started if it lies below; scanners match such names."""
    absolute = path.absolute()
    here = Path.cwd()
    return absolute.relative_to(here).as_posix() if absolute.is_relative_to(here) else str(absolute)


def _read(name: str, path: Path | None) -> list[Source]:
    content = sys.stdin.buffer.read(MAX_BYTES + 1) if path is None else _bounded(path)
    if len(content) > MAX_BYTES:
        raise ValueError(f"larger than {MAX_BYTES // 1024 // 1024} MiB; judge it in parts")
    text = content.decode("utf-8-sig")
    return [
        Source(member, name, document.line_of(member))
        for document in _documents(text)
        for member in _members(document.value)
    ]


def _bounded(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def _documents(text: str) -> list[goyaml.Located]:
    """As kubectl reads: JSON when it is JSON, else YAML. Raises ValueError."""
    if text.lstrip()[:1] in ("{", "["):
        try:
            return list(_json(text))
        except (ValueError, RecursionError, SlipwayError):
            # YAML in flow style begins like JSON; if it is neither, the YAML reader says where
            return list(goyaml.load_located(text))
    return list(goyaml.load_located(text))


def _json(text: str) -> Iterator[goyaml.Located]:
    """One JSON value after the other, as kubectl takes them."""
    decoder = json.JSONDecoder(parse_constant=_refuse)
    start = 0
    while start < len(text):
        if text[start].isspace():
            start += 1
            continue
        value, end = decoder.raw_decode(text, start)
        check_json(value)
        yield goyaml.Located(value, text.count("\n", 0, start) + 1, {})
        start = end


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def _members(document: Any) -> Iterator[Any]:
    """Members of lists one by one: Kubernetes takes whatever has a list of `items` for one."""
    if document is None:
        return
    items = document.get("items") if isinstance(document, dict) else None
    if not isinstance(items, list):
        yield document
        return
    kind = str(document.get("kind") or "")
    for item in items:
        if isinstance(item, dict) and kind.endswith("List") and kind != "List":
            # in place: its line is known by its identity
            item.setdefault("apiVersion", document.get("apiVersion"))
            item.setdefault("kind", kind.removesuffix("List"))
        yield from _members(item)
