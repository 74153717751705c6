"""Walks over typed values, after sigs.k8s.io/structured-merge-diff: field sets, comparison, merge,
removal."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from portal.policy.schema.types import Node
from portal.sandbox import fieldsets
from portal.sandbox.fieldsets import FieldSet, Path, Trie


@dataclass
class Comparison:
    added: FieldSet = field(default_factory=set)
    modified: FieldSet = field(default_factory=set)
    removed: FieldSet = field(default_factory=set)

    @property
    def changed(self) -> FieldSet:
        return self.added | self.modified

    def without(self, prefixes: tuple[Path, ...]) -> Comparison:
        cut = fieldsets.without_prefixes
        return Comparison(
            cut(self.added, prefixes), cut(self.modified, prefixes), cut(self.removed, prefixes)
        )


def _is_map(node: Node, value: Any) -> bool:
    return isinstance(value, dict) and not node.atomic and node.kind in ("map", "any")


def _is_list(node: Node, value: Any) -> bool:
    return isinstance(value, list) and node.is_associative


def items(node: Node, values: list[Any]) -> dict[str, Any]:
    """A list's items by path element; of duplicates the first."""
    found: dict[str, Any] = {}
    for index, value in enumerate(values):
        found.setdefault(fieldsets.item(node, value, index), value)
    return found


def field_set(node: Node, value: Any) -> FieldSet:
    """The fields that an applied configuration names (typed.ToFieldSet)."""
    found: FieldSet = set()
    _name_fields(node, value, (), found)
    return found


def _name_fields(node: Node, value: Any, path: Path, found: FieldSet) -> None:
    if _is_map(node, value):
        for key, each in value.items():
            below = (*path, fieldsets.field(key))
            _name_fields(node.child(key), each, below, found)
            if each is None or each == {} or key not in node.fields:
                found.add(below)
    elif _is_list(node, value):
        for element, each in items(node, value).items():
            below = (*path, element)
            _name_fields(node.element or node, each, below, found)
            found.add(below)
    elif path:
        found.add(path)


def compare(node: Node, old: Any, new: Any) -> Comparison:
    """Which fields were added, modified and removed (typed.Compare)."""
    found = Comparison()
    _compare(node, old, new, (), found)
    return found


def _compare(node: Node, old: Any, new: Any, path: Path, found: Comparison) -> None:
    if old is None:
        if new is not None:
            _collect(node, new, path, found.added)
    elif new is None:
        _collect(node, old, path, found.removed)
    elif old == new:
        return
    elif _is_map(node, old) and _is_map(node, new) and (old or new):
        for key in {**old, **new}:
            _compare(node.child(key), old.get(key), new.get(key), (*path, fieldsets.field(key)), found)
    elif _is_list(node, old) and _is_list(node, new) and (old or new):
        before, after = items(node, old), items(node, new)
        for element in {**before, **after}:
            below = (*path, element)
            _compare(node.element or node, before.get(element), after.get(element), below, found)
    else:
        found.modified.add(path)


def _collect(node: Node, value: Any, path: Path, found: FieldSet) -> None:
    """The path and everything below it."""
    if path:
        found.add(path)
    if _is_map(node, value):
        for key, each in value.items():
            if each is not None:
                _collect(node.child(key), each, (*path, fieldsets.field(key)), found)
    elif _is_list(node, value):
        for element, each in items(node, value).items():
            _collect(node.element or node, each, (*path, element), found)


def merge(node: Node, old: Any, new: Any) -> Any:
    """`new` laid over `old` (typed.Merge): maps and associative lists unite, everything else is replaced."""
    if new is None:
        return None
    if old is None:
        return new
    if _is_map(node, old) and _is_map(node, new):
        result = dict(old)
        for key, value in new.items():
            result[key] = merge(node.child(key), old.get(key), value)
        return result
    if _is_list(node, old) and _is_list(node, new):
        return _merge_lists(node, old, new)
    return new


def _merge_lists(node: Node, old: list[Any], new: list[Any]) -> list[Any]:
    """In the order of `new`; what only `old` has keeps its place among its neighbours."""
    before, after = items(node, old), items(node, new)
    left, right = list(before), list(after)
    shared = [element for element in right if element in before]
    result: list[Any] = []
    lefts = rights = seen = 0
    while lefts < len(left) or rights < len(right):
        mine = left[lefts] if lefts < len(left) else None
        if mine is not None and mine not in after:
            result.append(before[mine])
            lefts += 1
        elif rights == len(right) or (
            # in both, but its turn comes by the order of `new`
            mine is not None and mine != right[rights] and mine not in shared[seen : seen + 1]
        ):
            lefts += 1
        else:
            element = right[rights]
            result.append(merge(node.element or node, before.get(element), after[element]))
            rights += 1
            lefts += element == mine
            seen += element in shared[seen : seen + 1]
    return result


def remove(node: Node, value: Any, trie: Trie) -> Any:
    """`value` without the members of `trie` (typed.RemoveItems)."""
    if _is_map(node, value):
        result = {}
        for key, each in value.items():
            below = trie.get(fieldsets.field(key))
            if below is None:
                result[key] = each
            elif below and "." not in below:
                result[key] = remove(node.child(key), each, below)
        return result
    if _is_list(node, value):
        kept = []
        for index, each in enumerate(value):
            below = trie.get(fieldsets.item(node, each, index))
            if below is None:
                kept.append(each)
            elif below and "." not in below:
                kept.append(remove(node.element or node, each, below))
        return kept
    return value


def empty(node: Node) -> dict[str, Any]:
    """What an object of this type holds before anybody has set anything: what is no pointer in Go."""
    found: dict[str, Any] = {name: empty(node.fields[name]) for name in node.inline if name in node.fields}
    if "containers" in node.fields and node.go == "v1.PodSpec":
        found["containers"] = []
    return found
