"""Sets of fields, as managedFields keep them: paths of elements `f:name`, `k:{…}`, `v:…` and their
fieldsV1 form."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from portal.policy.schema.types import ANY, Node
from portal.sandbox.objects import encode

Path = tuple[str, ...]
FieldSet = set[Path]
# fieldsV1: nested elements; a member is {} or has the key "."
Trie = dict[str, Any]


def field(name: str) -> str:
    return f"f:{name}"


def item(node: Node, value: Any, index: int) -> str:
    """The element that names a list's item: by its keys, by its value, or by position."""
    if node.is_set:
        return f"v:{encode(value)}"
    if node.keys and isinstance(value, dict):
        found = {key: value.get(key, node.key_default(key)) for key in sorted(node.keys)}
        return f"k:{encode({key: each for key, each in found.items() if each is not None})}"
    return f"i:{index}"


def from_fields_v1(trie: Trie) -> FieldSet:
    found: FieldSet = set()
    _collect(trie, (), found)
    return found


def _collect(trie: Trie, path: Path, found: FieldSet) -> None:
    for element, children in trie.items():
        if element == ".":
            found.add(path)
        elif children:
            _collect(children, (*path, element), found)
        else:
            found.add((*path, element))


def to_fields_v1(fields: FieldSet) -> Trie:
    """Sorted, so that equal sets have equal texts. A member with children is marked by "."."""
    root: Trie = {}
    for path in sorted(fields):
        trie = root
        for depth, element in enumerate(path, 1):
            child = trie.get(element)
            if child is None:
                child = trie[element] = {}
            # paths sort before their extensions, so a member is known before its children come
            if depth < len(path) and not child and path[:depth] in fields:
                child["."] = {}
            trie = child
    return root


def without_prefixes(fields: FieldSet, prefixes: Iterable[Path]) -> FieldSet:
    """The fields that are not at or below any of `prefixes`."""
    chosen = tuple(prefixes)
    if not chosen:
        return fields
    return {path for path in fields if not any(path[: len(prefix)] == prefix for prefix in chosen)}


def with_named_parents(fields: FieldSet, node: Node) -> FieldSet:
    """The fields and, of each, the parents that are declared fields of a struct."""
    found = set(fields)
    for path in fields:
        current = node
        for depth, element in enumerate(path[:-1], 1):
            named = element.startswith("f:") and current.kind == "map" and element[2:] in current.fields
            if named:
                found.add(path[:depth])
            current = step(current, element)
    return found


def step(node: Node, element: str) -> Node:
    """The type that a path element leads to."""
    if element.startswith("f:"):
        return node.child(element[2:]) if node.kind == "map" else ANY
    return node.element or ANY


def shown(path: Path) -> str:
    """A path as conflicts print it: `.spec.template.spec.containers[name="app"].image`."""
    parts = []
    for element in path:
        kind, _, text = element.partition(":")
        if kind == "f":
            parts.append(f".{text}")
        elif kind == "k":
            keys = json.loads(text)
            parts.append(f"[{','.join(f'{key}={encode(value)}' for key, value in keys.items())}]")
        elif kind == "v":
            parts.append(f"[={text}]")
        else:
            parts.append(f"[{text}]")
    return "".join(parts)
