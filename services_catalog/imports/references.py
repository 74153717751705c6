"""Where a chart's schema refers to: only to itself, and never in a circle. Nothing is fetched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from portal.core import pointers
from portal.core.pointers import ABSENT

REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
# what stands below these is a value and no schema
VALUES = frozenset({"default", "examples", "example", "const", "enum"})
MAX_DEPTH = 200


class _Circle(Exception):
    pass


def remote(schema: Any) -> list[str]:
    """References that lead out of the schema, each once."""
    own = {identifier for node in nodes(schema) if (identifier := _identifier(node))}
    found = (text for node in nodes(schema) for text in _references(node))
    return list(dict.fromkeys(text for text in found if text.partition("#")[0] not in {"", *own}))


def circle(schema: Any) -> str:
    """A reference that leads back to where it stands, so that the form of the values has no end; or ""."""
    try:
        _follow(schema, schema, [], set())
    except _Circle as found:
        return str(found)
    return ""


def _follow(node: Any, root: Any, under_way: list[int], done: set[int]) -> None:
    """Depth first; a schema that is under way already is met again only through a reference."""
    if not isinstance(node, Mapping | list) or id(node) in done:
        return
    if len(under_way) > MAX_DEPTH:
        raise _Circle("a chain of references without an end")
    under_way.append(id(node))
    if isinstance(node, Mapping):
        for text in _references(node):
            target = _target(text, root)
            if id(target) in under_way:
                raise _Circle(text)
            _follow(target, root, under_way, done)
        inner = [value for key, value in node.items() if key not in VALUES]
    else:
        inner = list(node)
    for each in inner:
        _follow(each, root, under_way, done)
    under_way.pop()
    done.add(id(node))


def _target(text: str, root: Any) -> Any:
    if not text.startswith("#"):
        return None
    fragment = unquote(text[1:])
    if not fragment or fragment.startswith("/"):
        found = pointers.get(root, pointers.parse(fragment))
        return None if found is ABSENT else found
    named = (node for node in nodes(root) if fragment in (node.get("$anchor"), node.get("$dynamicAnchor")))
    return next(named, None)


def _references(node: Mapping[str, Any]) -> Iterator[str]:
    yield from (node[name] for name in REFERENCES if isinstance(node.get(name), str))


def _identifier(node: Mapping[str, Any]) -> str:
    found = node.get("$id", node.get("id"))
    return found.partition("#")[0] if isinstance(found, str) else ""


def nodes(schema: Any) -> Iterator[Mapping[str, Any]]:
    """Every mapping that may be a schema, without recursion."""
    stack = [schema]
    while stack:
        node = stack.pop()
        if isinstance(node, Mapping):
            yield node
            stack.extend(value for key, value in node.items() if key not in VALUES)
        elif isinstance(node, list):
            stack.extend(node)
