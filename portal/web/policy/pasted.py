"""Kubernetes objects that somebody pasted: read as kubectl reads them, and written back with a fix."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import yaml

from portal.clusters import goyaml
from portal.clusters.goyaml import Located
from portal.core import pointers
from portal.core.documents import MAX_BYTES, dump_yaml
from portal.core.errors import InvalidInput, TooLarge
from portal.core.objects import ObjectKey, key_of
from portal.core.yaml_loader import Loader
from portal.policy import Verdict
from portal.policy.expansion import flatten
from portal.policy.fixes import PatchInapplicable, applied

# about a second and a half of judging, at the worst
MAX_OBJECTS = 200


@dataclass(frozen=True)
class Pasted:
    """The text and what it holds. Documents keep their place in the text; empty ones are None."""

    text: str
    documents: tuple[Located, ...]

    @property
    def objects(self) -> list[Any]:
        """What is to be judged."""
        return [document.value for document in self.documents if document.value is not None]

    def by_key(self, verdicts: Sequence[Verdict]) -> dict[ObjectKey, Mapping[str, Any]]:
        """The object of each verdict's key, as it was written."""
        found = {}
        for key in {verdict.key for verdict in verdicts}:
            place = next(self._places(key), None)
            if place is not None:
                found[key] = place[2]
        return found

    def line_of(self, name: str) -> int | None:
        """The line on which the document of this name begins."""
        for document in self.documents:
            if isinstance(document.value, Mapping) and key_of(document.value).name == name:
                return document.line
        return None

    def fixed(self, verdict: Verdict) -> str:
        """The text with the verdict's ready fix in it; what stands outside of that document stays as it is.

        Raises PatchInapplicable when the text does not hold what the fix is about.
        """
        for index, path, _ in self._places(verdict.key):
            prefix = pointers.pointer(path)
            patch = [{**operation, "path": prefix + operation["path"]} for operation in verdict.fix]
            return self._with(index, applied(self.documents[index].value, patch))
        raise PatchInapplicable(f"there is no {verdict.key} in the text")

    def _places(self, key: ObjectKey) -> Iterator[tuple[int, tuple[str, ...], Mapping[str, Any]]]:
        """Where objects of this key stand: the document, the path inside of it, the object."""
        for index, document in enumerate(self.documents):
            for path, item in _items(document.value):
                own = key_of(item)
                if replace(own, namespace=own.namespace or key.namespace) == key:
                    yield index, path, item

    def _with(self, index: int, value: Mapping[str, Any]) -> str:
        start, end = _spans(self.text)[index]
        old = self.text[start:end]
        is_json = old.startswith("{")
        new = json.dumps(value, indent=2, ensure_ascii=False) if is_json else dump_yaml(value).rstrip("\n")
        return self.text[:start] + new + ("\n" if old.endswith("\n") else "") + self.text[end:]


def read(text: str) -> Pasted:
    """The documents of a YAML or JSON text. Raises InvalidInput with the line, TooLarge."""
    size = len(text.encode())
    if size > MAX_BYTES:
        raise TooLarge(f"That is {size:,} bytes; at most {MAX_BYTES:,} are read. Paste fewer objects.")
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    try:
        pasted = Pasted(text, tuple(goyaml.load_located(text)))
    except goyaml.NotReadable as exc:
        raise InvalidInput(f"This is not readable YAML: {exc}.") from exc
    count = sum(1 for _ in flatten(pasted.objects))
    if count > MAX_OBJECTS:
        raise TooLarge(f"These are {count} objects; at most {MAX_OBJECTS} are judged at once. Paste fewer.")
    return pasted


def _items(document: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    """The document, or the members of a List."""
    if not isinstance(document, Mapping) or not isinstance(document.get("metadata") or {}, Mapping):
        return
    items = document.get("items")
    if isinstance(items, list) and str(document.get("kind") or "").endswith("List"):
        for index, item in enumerate(items):
            yield from _items(item, (*path, "items", str(index)))
    else:
        yield path, document


def _spans(text: str) -> list[tuple[int, int]]:
    """From where to where the content of each document goes; comments before and after it are left out."""
    spans: list[tuple[int, int]] = []
    start = end = -1
    for event in yaml.parse(text, Loader=Loader):
        first, last = _marks(event)
        if isinstance(event, yaml.DocumentStartEvent):
            start = end = -1
        elif isinstance(event, yaml.DocumentEndEvent):
            spans.append((max(start, 0), max(end, 0)))
        elif isinstance(event, yaml.NodeEvent) and start < 0:
            start = first
        is_flow_end = isinstance(event, yaml.CollectionEndEvent) and text[first:last] in ("]", "}")
        # the end of a block collection lies at the next token, comments included
        if isinstance(event, yaml.ScalarEvent | yaml.AliasEvent) or is_flow_end:
            end = last
    return spans


def _marks(event: yaml.Event) -> tuple[int, int]:
    """Where an event begins and ends, in characters."""
    start, end = event.start_mark, event.end_mark
    return (start.index if start else 0), (end.index if end else 0)
