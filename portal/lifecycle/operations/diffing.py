"""What would change between two sets of rendered objects, grouped by object."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from portal.core.documents import dump_yaml
from portal.core.objects import ObjectKey, key_of
from portal.lifecycle.models import ChangeRequest
from portal.lifecycle.states import ChangeKind

Kind = Literal["added", "removed", "changed", "same"]
ABSENT = object()
# by which a chart says on every object of which version it is; on a pod's own template they would restart it
VERSION_LABELS = {"metadata.labels.helm.sh/chart", "metadata.labels.app.kubernetes.io/version"}
# Members of these lists are told apart by these fields, as the API server's merge keys do.
IDENTITY_FIELDS = ("name", "containerPort", "port", "mountPath", "key", "ip", "type")


@dataclass(frozen=True)
class FieldDiff:
    """One field that differs. `old` or `new` is None with the matching `present` flag false when it is
    absent."""

    path: str
    old: Any
    new: Any
    had: bool
    has: bool


def only_labels(fields: Iterable[FieldDiff]) -> bool:
    """Whether something differs, but nothing besides the labels that name the chart's version."""
    paths = {each.path for each in fields}
    return bool(paths) and paths <= VERSION_LABELS


@dataclass(frozen=True)
class ObjectDiff:
    key: ObjectKey
    change: Kind
    fields: tuple[FieldDiff, ...]
    old: Mapping[str, Any] | None = field(default=None, repr=False)
    new: Mapping[str, Any] | None = field(default=None, repr=False)

    @property
    def only_labels(self) -> bool:
        return only_labels(self.fields)

    @property
    def text(self) -> str:
        """A unified diff of the two as YAML; empty when nothing differs."""
        return "" if self.change == "same" else _unified(self.old, self.new)

    @property
    def lines(self) -> list[tuple[str, str]]:
        """(mark, text) for each line of the unified diff; mark is one of ' ', '+', '-', '@'."""
        return [(line[:1] or " ", line[1:] if line[:1] in "+- " else line) for line in self.text.splitlines()]

    def as_dict(self) -> dict[str, Any]:
        return {
            "object": self.key.as_dict(),
            "change": self.change,
            "fields": [
                {"path": f.path, "old": f.old if f.had else None, "new": f.new if f.has else None}
                for f in self.fields
            ],
            "text": self.text,
        }


def of_change(change: ChangeRequest) -> list[ObjectDiff]:
    """What a change does to what ran when it was asked. A denied one has sealed nothing to compare."""
    if change.release is None and change.kind != ChangeKind.RETIRE:
        return []
    old = change.base_release.objects_masked if change.base_release else []
    return compare(old, change.release.objects_masked if change.release else [])


def compare(old: Iterable[Mapping[str, Any]], new: Iterable[Mapping[str, Any]]) -> list[ObjectDiff]:
    """Differences from `old` to `new`, changed objects first; after all others those that differ only in the
    labels that name the chart's version. Documents must already be masked."""
    before = {key_of(document): document for document in old}
    after = {key_of(document): document for document in new}
    diffs = [_compare_one(key, before.get(key), after.get(key)) for key in {**before, **after}]
    rank = {"changed": 0, "added": 1, "removed": 2, "same": 4}
    return sorted(
        diffs, key=lambda diff: (3 if diff.only_labels else rank[diff.change], diff.key.kind, diff.key.name)
    )


def _compare_one(key: ObjectKey, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> ObjectDiff:
    if old is not None and new is not None:
        fields = tuple(_fields(old, new, ""))
        return ObjectDiff(key, "changed" if fields else "same", fields, old, new)
    return ObjectDiff(key, "added" if old is None else "removed", (), old, new)


def _unified(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> str:
    before = dump_yaml(old).splitlines() if old is not None else []
    after = dump_yaml(new).splitlines() if new is not None else []
    return "\n".join(list(difflib.unified_diff(before, after, lineterm="", n=3))[2:])


def _fields(old: Any, new: Any, path: str) -> Iterator[FieldDiff]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in [*old, *(name for name in new if name not in old)]:
            yield from _fields(
                old.get(name, ABSENT), new.get(name, ABSENT), f"{path}.{name}" if path else str(name)
            )
    elif isinstance(old, list) and isinstance(new, list):
        before, after = _indexed(old), _indexed(new)
        if before is None or after is None:
            before, after = dict(enumerate(old)), dict(enumerate(new))
        for name in [*before, *(name for name in after if name not in before)]:
            yield from _fields(before.get(name, ABSENT), after.get(name, ABSENT), f"{path}[{name}]")
    elif old is ABSENT or new is ABSENT or old != new or type(old) is not type(new):
        yield FieldDiff(
            path,
            None if old is ABSENT else old,
            None if new is ABSENT else new,
            had=old is not ABSENT,
            has=new is not ABSENT,
        )


def _indexed(items: Sequence[Any]) -> dict[Any, Any] | None:
    """Members by their identity field, or None when none tells all of them apart."""
    if not items or not all(isinstance(item, Mapping) for item in items):
        return None
    for name in IDENTITY_FIELDS:
        index = {item[name]: item for item in items if isinstance(item.get(name), str | int)}
        if len(index) == len(items):
            return index
    return None
