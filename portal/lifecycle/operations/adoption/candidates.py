"""Which values might make a field what it is in the cluster, the likeliest first. A guess is not believed: it
is rendered."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portal.core import pointers
from portal.core.pointers import ABSENT as NOTHING
from portal.core.pointers import Path, pointer
from portal.lifecycle.models import DriftItem
from portal.lifecycle.operations import field_paths
from portal.lifecycle.operations.adoption.goals import Documents, Goal
from portal.lifecycle.operations.diffing import ABSENT
from services_catalog import schemas
from services_catalog.models import OfferingVersion
from services_catalog.value_fixes import Setting, settings_for
from services_catalog.values import secret_paths

WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
EMPTY: tuple[Any, ...] = (None, "", 0, False, [], {})


# the likely ones, and the rest
Guesses = tuple[list[Setting], list[Setting]]


@dataclass(frozen=True)
class Candidate:
    """`likely`: it stands to reason by what the values hold, so that a refusal of it is worth telling."""

    settings: tuple[Setting, ...]
    likely: bool

    @property
    def places(self) -> tuple[str, ...]:
        return tuple(setting.path for setting in self.settings)


@dataclass(frozen=True)
class Node:
    """A place of the values, and what stands there; NOTHING where only the schema knows it."""

    path: Path
    value: Any


def candidates(
    goal: Goal, version: OfferingVersion, values: Mapping[str, Any], sealed: Documents
) -> list[Candidate]:
    """Each once, the likeliest first."""
    hidden = _hidden(version, values)
    known = [*_nodes(values), *_unset(version, values)]
    nodes = _sorted(goal, [node for node in known if not any(_meet(node.path, each) for each in hidden)])
    declared = [each for each in _declared(goal, version, sealed) if not _stands(values, each)]
    found = [Candidate(tuple(declared), likely=True)] if declared else []
    likely, rest = GUESSES[goal.how](goal, nodes)
    found += [Candidate((setting,), likely=True) for setting in likely]
    found += [Candidate((setting,), likely=False) for setting in rest]
    once = {tuple((s.path, repr(s.value), s.absent) for s in each.settings): each for each in reversed(found)}
    return list(reversed(once.values()))


def _stands(values: Mapping[str, Any], setting: Setting) -> bool:
    found = pointers.get(values, pointers.parse(setting.path))
    return bool(found is NOTHING if setting.absent else found == setting.value)


def _declared(goal: Goal, version: OfferingVersion, sealed: Documents) -> list[Setting]:
    """Where the offering itself says which values make this place."""
    place = field_paths.locate(sealed.get(goal.key) or {}, goal.path)
    if place is None or goal.live is ABSENT or not goal.path:
        return []
    operation = {"op": "replace", "path": pointer(place.steps), "value": goal.live}
    return settings_for(version, goal.key.kind, [operation])


def _changing(goal: Goal, nodes: Sequence[Node]) -> Guesses:
    """Values that are what was sealed, or a part of it; then whatever is named alike."""
    likely: list[Setting] = []
    rest: list[Setting] = []
    for node in nodes:
        if isinstance(node.value, Mapping | list) or node.value is NOTHING or isinstance(node.value, bool):
            if node.value == goal.sealed:
                likely.append(Setting(pointer(node.path), goal.live))
            continue
        if str(node.value) == str(goal.sealed):
            likely.append(Setting(pointer(node.path), _cast(goal.live, node.value)))
        elif (part := _part(node.value, goal.sealed, goal.live)) is not None:
            likely.append(Setting(pointer(node.path), _cast(part, node.value)))
        else:
            rest.append(Setting(pointer(node.path), _cast(goal.live, node.value)))
            rest += [Setting(pointer(node.path), scaled) for scaled in _scaled(node.value, goal)]
    return likely, [*(each for each in rest if _is_alike(goal, each.path)), *_toggles(nodes)]


def _adding(goal: Goal, nodes: Sequence[Node]) -> Guesses:
    """Into a map or a list that makes what is around it; else a value that is not set."""
    around = _words(f"{goal.key.kind}.{goal.path}")
    entry = goal.live["value"] if isinstance(goal.live, Mapping) and "value" in goal.live else goal.live
    likely: list[Setting] = []
    rest: list[Setting] = []
    for node in nodes:
        alike = bool(_words(pointer(node.path)) & around)
        chosen = likely if alike else rest
        if isinstance(node.value, Mapping):
            chosen += [Setting(pointer((*node.path, goal.last)), each) for each in _forms(entry)]
        elif isinstance(node.value, list):
            chosen.append(Setting(pointer(node.path), [*node.value, goal.live]))
        if node.value is NOTHING or node.value in EMPTY:
            chosen.append(Setting(pointer(node.path), goal.live))
    return likely, [*_toggles(nodes), *rest]


def _removing(goal: Goal, nodes: Sequence[Node]) -> Guesses:
    """Without the entry that makes it, or with nothing where its value stands."""
    likely: list[Setting] = []
    rest: list[Setting] = []
    for node in nodes:
        if node.path[-1] == goal.last or str(node.value) == str(goal.sealed):
            likely.append(Setting(pointer(node.path), absent=True))
            if node.value not in (True, False, None, NOTHING):
                likely.append(Setting(pointer(node.path), type(node.value)()))
        if isinstance(node.value, list) and goal.sealed in node.value:
            likely.append(Setting(pointer(node.path), [each for each in node.value if each != goal.sealed]))
        if isinstance(node.value, Mapping | list) and node.value and _is_alike(goal, pointer(node.path)):
            rest.append(Setting(pointer(node.path), type(node.value)()))
    return likely, [*_toggles(nodes), *rest]


def _dropping(goal: Goal, nodes: Sequence[Node]) -> Guesses:
    """What switches an object off, or leaves nothing that it would hold."""
    filled = [node for node in nodes if isinstance(node.value, Mapping | list) and node.value]
    emptied = [
        Setting(pointer(node.path), [])
        if isinstance(node.value, list)
        else Setting(pointer(node.path), absent=True)
        for node in filled
    ]
    return [], [*_toggles(nodes), *emptied]


GUESSES: Mapping[str, Callable[[Goal, Sequence[Node]], Guesses]] = {
    DriftItem.How.CHANGED: _changing,
    DriftItem.How.ADDED: _adding,
    DriftItem.How.REMOVED: _removing,
    DriftItem.How.MISSING: _dropping,
}


def _nodes(values: Mapping[str, Any], path: Path = ()) -> Iterator[Node]:
    """Everything but what is inside of lists, which are set as a whole."""
    for name, value in values.items():
        yield Node((*path, str(name)), value)
        if isinstance(value, Mapping):
            yield from _nodes(value, (*path, str(name)))


def _unset(version: OfferingVersion, values: Mapping[str, Any]) -> Iterator[Node]:
    """What the schema knows and nobody has set."""
    for place in schemas.places(version.values_schema):
        known = place.path and schemas.ANY not in place.path
        if known and pointers.get(values, place.path) is pointers.ABSENT:
            yield Node(place.path, NOTHING)


def _hidden(version: OfferingVersion, values: Mapping[str, Any]) -> list[Path]:
    """What is secret, or filled in by the portal: never taken from a cluster."""
    places = [
        place.path
        for keyword in (schemas.GENERATE, schemas.CONTEXT)
        for place in schemas.marked(version.values_schema, keyword)
    ]
    return [*places, *secret_paths(version.values_schema, values)]


def _meet(path: Path, hidden: Path) -> bool:
    """Whether the place is a hidden one, or inside of it."""
    return path[: len(hidden)] == hidden


def _sorted(goal: Goal, nodes: Sequence[Node]) -> list[Node]:
    """By how many words they have in common with where the field is; the last of them counts most."""
    around, last = _words(f"{goal.key.kind}.{goal.path}"), _words(goal.last)

    def likeness(node: Node) -> tuple[int, int]:
        named, end = _words(pointer(node.path)), _words(node.path[-1])
        return -(2 * len(last & end) + len(around & named)), len(node.path)

    return sorted(nodes, key=likeness)


def _toggles(nodes: Sequence[Node]) -> list[Setting]:
    return [Setting(pointer(each.path), not each.value) for each in nodes if isinstance(each.value, bool)]


def _forms(value: Any) -> list[Any]:
    """A map of plain values mostly wants text; a number may be one all the same."""
    if isinstance(value, str) and value.isdecimal() and len(value) < 10:
        return [value, int(value)]
    return [value]


def _part(value: Any, sealed: Any, live: Any) -> str | None:
    """What stands in the place of `value` in `live`, where `sealed` has it and all around is the same."""
    text = str(value)
    if not text or not isinstance(sealed, str) or not isinstance(live, str):
        return None
    start = sealed.find(text)
    while start >= 0:
        before, after = sealed[:start], sealed[start + len(text) :]
        if live.startswith(before) and live.endswith(after) and len(live) >= len(before) + len(after):
            return live[len(before) : len(live) - len(after)]
        start = sealed.find(text, start + 1)
    return None


def _scaled(value: Any, goal: Goal) -> list[int]:
    """Where a chart works a number out from another: the one that gives it, in proportion."""
    numbers = [each for each in (value, goal.sealed, goal.live) if type(each) is int and each > 0]
    if len(numbers) < 3:
        return []
    return [value * goal.live // goal.sealed]


def _cast(value: Any, like: Any) -> Any:
    if isinstance(like, int) and isinstance(value, str) and value.lstrip("-").isdecimal() and len(value) < 16:
        return int(value)
    if isinstance(like, str) and isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value


def _is_alike(goal: Goal, path: str) -> bool:
    return bool(_words(path) & _words(f"{goal.key.kind}.{goal.path}"))


def _words(text: str) -> set[str]:
    return {word.lower() for word in WORDS.findall(text)} - {"spec", "template", "metadata"}
