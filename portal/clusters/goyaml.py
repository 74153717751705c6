"""Reading YAML exactly as Kubernetes' Go code does (sigs.k8s.io/yaml on go-yaml v2), and bounded.

What policy judges must be what helm applies, and PyYAML reads `privileged: y`, `0o17`, `1e3`, `12:30` and
dates differently. The result is plain JSON: aliases are written out, keys are text. libyaml's composer
recurses in C and crashes on deep nesting, so values are built here from its events, without recursion.
"""

from __future__ import annotations

import base64
import binascii
import copy
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from portal.core.documents import MAX_DEPTH
from portal.core.yaml_loader import Loader

# values after aliases are written out, over all documents: far above any real chart, far below what hurts
MAX_NODES = 500_000
_TAG = "tag:yaml.org,2002:"
_WORDS: dict[str, Any] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
}
_NOT_JSON = {
    f"{sign}.{word}" for sign in ("", "+", "-") for word in ("inf", "Inf", "INF", "nan", "NaN", "NAN")
}
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_INTEGER = re.compile(
    r"(?P<sign>[-+]?)(?:0[bB](?P<two>[01]+)|0[xX](?P<sixteen>[0-9a-fA-F]+)|0[oO]?(?P<eight>[0-7]+)|(?P<ten>0|[1-9][0-9]*))"
)
_BASES = {"two": 2, "eight": 8, "ten": 10, "sixteen": 16}
_MOST_DIGITS = 64  # of base 2, in 64 bits
_MERGE = object()
# how deep the members of a List are
_OUTERMOST = 2


class NotReadable(ValueError):
    """Not YAML, or YAML that no manifest may hold; the message says where."""


def resolve(text: str) -> Any:
    """What a plain (unquoted) scalar means."""
    if text in _WORDS:
        return _WORDS[text]
    if not text or text[0] not in "+-.0123456789":
        return text
    if text in _NOT_JSON:
        raise NotReadable(f"{text} has no JSON form")
    bare = text.replace("_", "")
    if match := _INTEGER.fullmatch(bare):
        ((base, digits),) = [(_BASES[name], match[name]) for name in _BASES if match[name]]
        digits = digits.lstrip("0") or "0"
        if len(digits) <= _MOST_DIGITS:  # a million of them would take Python for ever
            number = int(digits, base) * (-1 if match["sign"] == "-" else 1)
            if -(2**63) <= number < 2**64:
                return number
    if _FLOAT.fullmatch(bare) and math.isfinite(float(bare)):
        return float(bare)
    return text


@dataclass(frozen=True)
class Located:
    """A document and the line (from 1) that it begins on. `lines` has those of its outermost mappings, by
    identity."""

    value: Any
    line: int
    lines: Mapping[int, int]

    def line_of(self, inner: Any) -> int:
        return self.lines.get(id(inner), self.line)


def load_all(text: str) -> Iterator[Any]:
    """The documents, one by one. Raises NotReadable."""
    return (document.value for document in load_located(text))


def load_located(text: str) -> Iterator[Located]:
    """The documents with where they stand, one by one. Raises NotReadable."""
    builder = _Builder()
    try:
        for event in yaml.parse(text, Loader=Loader):
            if builder.take(event):
                yield Located(builder.root, builder.line, builder.lines)
    except yaml.MarkedYAMLError as exc:
        where = f" (line {exc.problem_mark.line + 1})" if exc.problem_mark else ""
        raise NotReadable(f"{exc.problem or exc.context}{where}") from exc
    except yaml.YAMLError as exc:
        raise NotReadable(str(exc)) from exc


class _Open:
    """A collection whose end has not come yet."""

    __slots__ = ("anchor", "before", "key", "value")

    def __init__(self, value: Any, anchor: str | None, before: int) -> None:
        self.value = value
        self.anchor = anchor
        self.before = before
        self.key: Any = None  # of a mapping: a list with the key that waits for its value


class _Builder:
    def __init__(self) -> None:
        self.root: Any = None
        self.line = 0
        self.lines: dict[int, int] = {}
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._nodes = 0

    def take(self, event: yaml.Event) -> bool:
        """Whether the event ended a document."""
        if isinstance(event, yaml.NodeEvent) and event.start_mark and not self._open:
            self.line = event.start_mark.line + 1
        if isinstance(event, yaml.ScalarEvent):
            self._count(1)
            value = self._scalar(event)
            self._remember(event.anchor, value, 1)
            self._add(value, event)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            self._start(event)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            done = self._open.pop()
            self._remember(done.anchor, done.value, self._nodes - done.before)
            self._add(done.value, event)
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)
        elif isinstance(event, yaml.DocumentStartEvent):
            self.root = None
            self.line, self.lines = 0, {}
            self._anchors.clear()
        return isinstance(event, yaml.DocumentEndEvent)

    def _start(self, event: Any) -> None:
        mapping = isinstance(event, yaml.MappingStartEvent)
        if event.tag not in (None, "!", _TAG + ("map" if mapping else "seq")):
            raise _at(event, f"the tag {event.tag} is not accepted")
        if len(self._open) >= MAX_DEPTH:
            raise _at(event, f"nested more than {MAX_DEPTH} levels deep")
        self._count(1)
        value: Any = {} if mapping else []
        if mapping and len(self._open) <= _OUTERMOST:
            self.lines[id(value)] = event.start_mark.line + 1
        self._open.append(_Open(value, event.anchor, self._nodes - 1))

    def _alias(self, event: yaml.AliasEvent) -> None:
        if event.anchor not in self._anchors:
            raise _at(event, f"the alias *{event.anchor} has no anchor before it")
        value, size = self._anchors[event.anchor]
        self._count(size)
        self._add(copy.deepcopy(value), event)

    def _remember(self, anchor: str | None, value: Any, size: int) -> None:
        if anchor is not None:
            self._anchors[anchor] = (value, size)

    def _count(self, nodes: int) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            raise NotReadable(f"more than {MAX_NODES:,} values")

    def _add(self, value: Any, event: yaml.Event) -> None:
        if not self._open:
            self.root = value
            return
        parent = self._open[-1]
        if isinstance(parent.value, list):
            parent.value.append("<<" if value is _MERGE else value)
        elif parent.key is None:
            if isinstance(value, dict | list):
                raise _at(event, "a key must be a scalar")
            parent.key = [value if value is _MERGE else _key(value)]
        else:
            key, parent.key = parent.key[0], None
            if key is _MERGE:
                self._merge(parent.value, value, event)
            else:
                parent.value[key] = "<<" if value is _MERGE else value

    def _merge(self, into: dict[str, Any], value: Any, event: yaml.Event) -> None:
        """`<<`. go-yaml lets it overwrite keys that stand before it, others do not: refused."""
        sources = value if isinstance(value, list) else [value]
        if not all(isinstance(source, dict) for source in sources):
            raise _at(event, "<< takes a mapping or a list of mappings")
        merged: dict[str, Any] = {}
        for source in reversed(sources):  # the first one wins
            merged.update(source)
        if any(key in into and into[key] != merged[key] for key in merged):
            raise _at(event, "<< must stand before the keys that replace what it brings")
        into.update(copy.deepcopy(merged))

    def _scalar(self, event: yaml.ScalarEvent) -> Any:
        tag, text = event.tag, event.value
        try:
            if tag is None and event.implicit[0]:
                return _MERGE if text == "<<" else resolve(text)
            if tag in (None, "!", _TAG + "str"):
                return text
            if tag == _TAG + "merge" and text == "<<":
                return _MERGE  # as tools write it that keep anchors
            if tag == _TAG + "binary":
                return base64.b64decode(text, validate=True).decode()
        except (NotReadable, binascii.Error, UnicodeDecodeError) as exc:
            raise _at(event, str(exc)) from exc
        raise _at(event, f"the tag {tag} is not accepted")


def _key(value: Any) -> str:
    """As sigs.k8s.io/yaml writes keys into JSON."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is None else str(value)


def _at(event: Any, why: str) -> NotReadable:
    return NotReadable(f"{why} (line {event.start_mark.line + 1})")
