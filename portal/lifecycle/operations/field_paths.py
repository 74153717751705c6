"""Where in a document a field stands that is named by a path, as diffing and managedFields write paths."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from portal.lifecycle.operations.diffing import ABSENT, IDENTITY_FIELDS

Step = str | int


@dataclass(frozen=True)
class Place:
    """`steps` lead there; `prefixes` are the path's text up to and with each of them."""

    steps: tuple[Step, ...]
    prefixes: tuple[str, ...]


def locate(document: Any, path: str) -> Place | None:
    """None where the document has no such field. A name may hold dots itself, so what fits is tried."""
    found = _below(document, path)
    if found is None:
        return None
    steps, left = zip(*found, strict=True) if found else ((), ())
    return Place(tuple(steps), tuple(path[: len(path) - rest] for rest in left))


def value_at(document: Any, path: str) -> Any:
    """What stands there; ABSENT where there is no such field."""
    place = locate(document, path)
    return ABSENT if place is None else at(document, place.steps)


def at(document: Any, steps: tuple[Step, ...]) -> Any:
    """What these steps lead to."""
    for step in steps:
        document = document[step]
    return document


def is_within(path: str, outer: str) -> bool:
    """Whether `path` is `outer` or below it."""
    return not outer or path == outer or path.startswith((f"{outer}.", f"{outer}["))


def _below(value: Any, path: str) -> list[tuple[Step, int]] | None:
    """The steps, each with how much of the path was left after it."""
    if not path:
        return []
    for step, text in _ways(value, path):
        rest = path[len(text) :]
        if rest and rest[0] not in ".[":
            continue
        found = _below(value[step], rest)
        if found is not None:
            return [(step, len(rest)), *found]
    return None


def _ways(value: Any, path: str) -> Iterator[tuple[Step, str]]:
    """Each step that the path may go on with, and the text that says so; the longest name first."""
    if isinstance(value, Mapping):
        dot = "." if path.startswith(".") else ""
        names = [name for name in value if path.startswith(dot + name)]
        yield from ((name, dot + name) for name in sorted(names, key=len, reverse=True))
    elif isinstance(value, list) and path.startswith("["):
        for index, item in enumerate(value):
            named = [name for name in IDENTITY_FIELDS if name in item] if isinstance(item, Mapping) else []
            texts = (f"[{item[name]}]" for name in named)
            yield from ((index, text) for text in texts if path.startswith(text))
        yield from ((index, f"[{index}]") for index in range(len(value)) if path.startswith(f"[{index}]"))
