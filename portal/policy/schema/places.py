"""Where in a document something is, as each part of the API server writes it; found out for problems only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from portal.policy.schema.types import ANY, Node
from portal.policy.schema.values import json_text, key_text

# the way from the document's root: the link to what holds the value, and the key or index in it
Link = tuple[Any, Any] | None


@dataclass(frozen=True)
class Place:
    """One place, as three parts of the server write it, and Go's name of the struct that has the field.

    For decoding `spec.containers.env`, for strict decoding `spec.containers[0].env`, for server-side apply
    `.spec.containers[name="web"].env`.
    """

    fields: str
    path: str
    struct: str
    typed: str


def place_of(root: Node, document: Any, link: Link) -> Place:
    """Where the link leads, found by walking there again; its last steps may lead to what is missing."""
    node, value, struct = root, document, ""
    path, fields, typed = "", [], ""
    for step in _steps(link):
        if isinstance(value, list | tuple):
            value = value[step]
            path += f"[{step}]"
            typed += f"[{step}]" if node.atomic or node.kind != "list" else shown_key(node, value)
            node = node if node.union else node.element or ANY
            continue
        node = node.union or node
        if step in node.fields:
            struct = node.struct
            fields.append(step)
        path += f".{key_text(step)}"
        typed += f".{key_text(step)}"
        node = node.child(step)
        value = value.get(step) if isinstance(value, Mapping) else None
    return Place(".".join(fields), path.removeprefix("."), struct, typed)


def identity(node: Node, item: Any) -> tuple[Any, ...] | None:
    """What tells an item of an associative list from the others; None when nothing does."""
    if not node.keys:
        return None if isinstance(item, Mapping | list) else (item,)
    if not isinstance(item, Mapping):
        return None
    found = tuple((key, item.get(key, node.key_default(key))) for key in sorted(node.keys))
    if any(isinstance(each, Mapping | list) for _, each in found):
        return None
    return found if any(each is not None for _, each in found) else None


def shown_key(node: Node, item: Any) -> str:
    """An item of an associative list as server-side apply names it: `[name="web"]`."""
    found = identity(node, item)
    if found is None:
        return "[?]"
    if not node.keys:
        return f"[={json_text(item)}]"
    return f"[{','.join(f'{key}={json_text(each)}' for key, each in found if each is not None)}]"


def _steps(link: Link) -> list[Any]:
    steps: list[Any] = []
    while link is not None:
        link, step = link
        steps.append(step)
    return steps[::-1]
