"""Where two renderings of the same chart and values differ."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from portal.core.digests import digest_of
from portal.core.objects import ObjectKey, key_of
from portal.core.pointers import pointer

Document = Mapping[str, Any]
MOST = 50


@dataclass(frozen=True)
class Difference:
    """`path` is a JSON pointer into the object; empty when only one rendering has the object."""

    key: ObjectKey
    path: str

    def __str__(self) -> str:
        return f"{self.key} {self.path}".strip()


def differences(first: Iterable[Document], second: Iterable[Document]) -> tuple[Difference, ...]:
    """At most 50 of them, in the order of the objects; values are not told, since they may be secrets."""
    before, after = list(first), list(second)
    if sorted(map(digest_of, before)) == sorted(map(digest_of, after)):
        return ()
    found: list[Difference] = []
    for each in _differences(_by_key(before), _by_key(after)):
        found.append(each)
        if len(found) == MOST:
            break
    return tuple(found)


def _by_key(documents: Iterable[Document]) -> dict[ObjectKey, list[Document]]:
    found: dict[ObjectKey, list[Document]] = defaultdict(list)
    for document in documents:
        found[key_of(document)].append(document)
    return found


def _differences(
    before: Mapping[ObjectKey, list[Document]], after: Mapping[ObjectKey, list[Document]]
) -> Iterator[Difference]:
    for key in {**before, **after}:
        ours, theirs = before.get(key, []), after.get(key, [])
        if len(ours) != len(theirs):
            yield Difference(key, "")
            continue
        for old, new in zip(ours, theirs, strict=True):
            yield from (Difference(key, pointer(path)) for path in _paths(old, new, ()))


def _paths(old: Any, new: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in {**old, **new}:
            if name in old and name in new:
                yield from _paths(old[name], new[name], (*path, str(name)))
            else:
                yield (*path, str(name))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (a, b) in enumerate(zip(old, new, strict=True)):
            yield from _paths(a, b, (*path, str(index)))
    elif old != new or type(old) is not type(new):
        yield path
