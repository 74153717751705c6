"""A Helm repository's index.yaml, read as a stream of events: of 64 MiB only what is needed is kept.

Indexes of well-known repositories have tens of MiB. As Python objects that would be gigabytes, so nothing is
built of what nobody asks for; aliases, which YAML bombs are made of, are refused, depth and size are bounded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from portal.core.documents import MAX_DEPTH
from portal.core.yaml_loader import Loader
from services_catalog.sources.errors import SourceTooLarge, SourceUnreadable

TEXTS = {
    "name": 300,
    "version": 300,
    "appVersion": 100,
    "description": 500,
    "digest": 100,
    "icon": 1000,
    "type": 20,
}
MOST_URLS, LONGEST_URL = 8, 2000


@dataclass
class Entry:
    """What the index says of one version. `key` is the chart that it stands under."""

    key: str
    texts: dict[str, str] = field(default_factory=dict)
    urls: list[str] = field(default_factory=list)

    def text(self, name: str) -> str:
        return self.texts.get(name, "")


def read(content: bytes, *, most_nodes: int) -> Iterator[Entry]:
    """Every version that it lists. Raises SourceUnreadable with line and column, SourceTooLarge."""
    if content.lstrip()[:1] == b"<":
        raise SourceUnreadable(
            "index.yaml is a web page, not an index. Is the URL that of the folder that holds index.yaml?"
        )
    try:
        yield from _Walk(content, most_nodes).entries()
    except yaml.MarkedYAMLError as exc:
        mark = exc.problem_mark
        where = f" line {mark.line + 1}, column {mark.column + 1}:" if mark else ""
        raise SourceUnreadable(f"index.yaml,{where} {exc.problem or exc.context or 'not YAML'}.") from exc
    except (yaml.YAMLError, ValueError) as exc:
        raise SourceUnreadable(f"index.yaml is not YAML: {str(exc)[:200]}") from exc


class _Walk:
    def __init__(self, content: bytes, most_nodes: int) -> None:
        self._events: Iterator[Any] = yaml.parse(content, Loader=Loader)
        self._left = most_nodes
        self._depth = 0

    def entries(self) -> Iterator[Entry]:
        found = False
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                break
        for name, value in self._mapping(self._next(), "index.yaml"):
            if name != "entries":
                self._skip(value)
                continue
            found = True
            yield from self._charts(value)
        if not found:
            raise SourceUnreadable("index.yaml has no `entries`, so it is no index of a Helm repository.")

    def _charts(self, event: Any) -> Iterator[Entry]:
        if _is_null(event):
            return
        for chart, value in self._mapping(event, "`entries`"):
            if not isinstance(value, yaml.SequenceStartEvent):
                self._skip(value)
                continue
            while not isinstance(item := self._next(), yaml.SequenceEndEvent):
                yield self._entry(chart, item)

    def _entry(self, chart: str, event: Any) -> Entry:
        entry = Entry(chart)
        if not isinstance(event, yaml.MappingStartEvent):
            self._skip(event)
            return entry
        for name, value in self._mapping(event, "a version"):
            if name in TEXTS and isinstance(value, yaml.ScalarEvent):
                entry.texts[name] = clean(value.value)[: TEXTS[name]] if not _is_null(value) else ""
            elif name == "urls" and isinstance(value, yaml.SequenceStartEvent):
                while not isinstance(item := self._next(), yaml.SequenceEndEvent):
                    if isinstance(item, yaml.ScalarEvent) and len(entry.urls) < MOST_URLS:
                        entry.urls.append(item.value[: LONGEST_URL + 1])
                    else:
                        self._skip(item)
            else:
                self._skip(value)
        return entry

    def _mapping(self, event: Any, what: str) -> Iterator[tuple[str, Any]]:
        """Its keys, each with the event that its value begins with, which the caller reads to its end."""
        if not isinstance(event, yaml.MappingStartEvent):
            raise SourceUnreadable(f"index.yaml, {_line(event)}: {what} must be a mapping.")
        while not isinstance(key := self._next(), yaml.MappingEndEvent):
            if not isinstance(key, yaml.ScalarEvent):
                raise SourceUnreadable(f"index.yaml, {_line(key)}: a key must be a text.")
            yield clean(key.value)[:300], self._next()

    def _skip(self, event: Any) -> None:
        """Read on to the end of what `event` begins."""
        if not isinstance(event, yaml.CollectionStartEvent):
            return
        end = self._depth - 1
        while self._depth > end:
            self._next()

    def _next(self) -> Any:
        event = next(self._events, None)
        if event is None or isinstance(event, yaml.StreamEndEvent):
            raise SourceUnreadable("index.yaml is empty, or ends too early.")
        if isinstance(event, yaml.AliasEvent):
            raise SourceUnreadable(f"index.yaml, {_line(event)}: YAML aliases are not accepted.")
        if isinstance(event, yaml.CollectionEndEvent):
            self._depth -= 1
            return event
        self._left -= 1
        if self._left < 0:
            raise SourceTooLarge("index.yaml has more values than are accepted.")
        if isinstance(event, yaml.CollectionStartEvent):
            self._depth += 1
            if self._depth > MAX_DEPTH:
                raise SourceTooLarge(f"index.yaml is nested more than {MAX_DEPTH} levels deep.")
        return event


def _line(event: Any) -> str:
    return f"line {event.start_mark.line + 1}"


def _is_null(event: Any) -> bool:
    return (
        isinstance(event, yaml.ScalarEvent)
        and event.style is None
        and event.value in ("", "~", "null", "Null", "NULL")
    )


def clean(text: str) -> str:
    """One line that a terminal, a page and a database can hold."""
    return "".join(c for c in " ".join(text.split()) if c.isprintable())
