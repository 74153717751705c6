"""What a rendering has to come to, so that it holds what runs."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from portal.core.objects import ObjectKey, key_of
from portal.lifecycle.models import DriftItem
from portal.lifecycle.operations import field_paths
from portal.lifecycle.operations.diffing import ABSENT, compare
from portal.lifecycle.operations.drift import ownership
from portal.lifecycle.operations.field_paths import Step, is_within

Documents = Mapping[ObjectKey, Mapping[str, Any]]


@dataclass(frozen=True)
class Goal:
    """One place of one object. Several fields that were added together, a variable's name and its value, are
    one; `wanted` has by path what each must come to, ABSENT where it must not be there."""

    key: ObjectKey
    path: str
    items: tuple[DriftItem, ...]
    wanted: Mapping[str, Any] = field(repr=False)
    sealed: Any = field(default=ABSENT, repr=False)
    live: Any = field(default=ABSENT, repr=False)
    last: str = ""  # the name at the path's end

    @property
    def how(self) -> str:
        return self.items[0].how

    def is_reached(self, documents: Documents) -> bool:
        if not self.path:
            return self.key not in documents
        document = documents.get(self.key)
        if document is None:
            return False
        return all(_alike(field_paths.value_at(document, path), value) for path, value in self.wanted.items())


def by_key(documents: Iterable[Mapping[str, Any]]) -> dict[ObjectKey, Mapping[str, Any]]:
    return {key_of(document): document for document in documents}


def goals(items: Sequence[DriftItem], sealed: Documents, live: Documents) -> list[Goal]:
    """Of the items, in order; those that stand together are one."""
    found: dict[tuple[ObjectKey, str], list[DriftItem]] = {}
    for item in items:
        path = _together(item, items, sealed.get(item.key) or {}, live.get(item.key))
        found.setdefault((item.key, path), []).append(item)
    return [_goal(key, path, group, sealed, live) for (key, path), group in found.items()]


def _together(
    item: DriftItem,
    items: Sequence[DriftItem],
    sealed: Mapping[str, Any],
    live: Mapping[str, Any] | None,
) -> str:
    """The highest place around what was added in which there is nothing else, and which nobody sealed."""
    place = field_paths.locate(live, item.path) if live and item.how == DriftItem.How.ADDED else None
    if live is None or place is None:
        return item.path
    added = {other.path for other in items if other.key == item.key and other.how == DriftItem.How.ADDED}
    kept = [each for each in ownership.owners(live) if not any(is_within(each, path) for path in added)]
    found = item.path
    for prefix in reversed(place.prefixes[1:-1]):
        is_sealed = field_paths.locate(sealed, prefix) is not None
        if is_sealed or any(is_within(other, prefix) for other in kept):
            break
        found = prefix
    return found


def _goal(key: ObjectKey, path: str, items: list[DriftItem], sealed: Documents, live: Documents) -> Goal:
    document = live.get(key) or {}
    wanted = {item.path: field_paths.value_at(document, item.path) for item in items}
    return Goal(
        key,
        path,
        tuple(items),
        wanted,
        field_paths.value_at(sealed.get(key) or {}, path),
        _only(document, path, wanted),
        _last(document, path) or _last(sealed.get(key) or {}, path),
    )


def _last(document: Mapping[str, Any], path: str) -> str:
    """`LOG` of `data.LOG`, and of `…env[LOG]`: names may hold dots, so the document says where one begins."""
    place = field_paths.locate(document, path)
    if place is None or not place.prefixes:
        return ""
    around = place.prefixes[-2] if len(place.prefixes) > 1 else ""
    return path[len(around) :].strip(".").removeprefix("[").removesuffix("]")


def _only(document: Mapping[str, Any], path: str, wanted: Mapping[str, Any]) -> Any:
    """What stands at `path`, without what the server filled in."""
    value = field_paths.value_at(document, path)
    if set(wanted) == {path} or value is ABSENT:
        return value
    places = [field_paths.locate(value, _rest(each, path)) for each in wanted]
    return _kept(value, {place.steps for place in places if place is not None})


def _rest(path: str, outer: str) -> str:
    return path.removeprefix(outer).removeprefix(".")


def _kept(value: Any, places: set[tuple[Any, ...]]) -> Any:
    if () in places:
        return copy.deepcopy(value)
    below = {step: {p[1:] for p in places if p[0] == step} for step in dict.fromkeys(p[0] for p in places)}
    if isinstance(value, list):
        return [_kept(value[step], below[step]) for step in sorted(below)]
    return {step: _kept(value[step], inner) for step, inner in below.items()}


def strays(before: Documents, after: Documents, goals: Iterable[Goal]) -> list[str]:
    """What is rendered otherwise beside these goals, in words."""
    goals, said = list(goals), []
    for diff in compare(before.values(), after.values()):
        of_object = [goal for goal in goals if goal.key == diff.key]
        if diff.change in ("added", "removed"):
            meant = diff.change == "removed" and any(not goal.path for goal in of_object)
            said += [] if meant else [f"{diff.key} would be {diff.change}"]
            continue
        documents = before[diff.key], after[diff.key]
        said += [
            f"{each.path} of {diff.key} would change"
            for each in diff.fields
            if not any(_is_covered(each.path, document, of_object) for document in documents)
        ]
    return said


def _is_covered(path: str, document: Mapping[str, Any], goals: Iterable[Goal]) -> bool:
    """Whether all that stands at `path` belongs to goals."""
    if any(is_within(path, goal.path) for goal in goals):
        return True
    place = field_paths.locate(document, path)
    inside = [field_paths.locate(document, goal.path) for goal in goals if is_within(goal.path, path)]
    places = [each.steps for each in inside if each is not None]
    if place is None or not places:
        return False
    leaves = _leaves(field_paths.at(document, place.steps), place.steps)
    return all(any(leaf[: len(steps)] == steps for steps in places) for leaf in leaves)


def _leaves(value: Any, steps: tuple[Step, ...]) -> Iterator[tuple[Step, ...]]:
    below: list[tuple[Step, Any]] = []
    if isinstance(value, Mapping):
        below = list(value.items())
    elif isinstance(value, list):
        below = list(enumerate(value))
    if not below:
        yield steps
    for step, inner in below:
        yield from _leaves(inner, (*steps, step))


def _alike(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)
