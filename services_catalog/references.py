"""References inside of a JSON Schema. Nothing is ever fetched: what points elsewhere is named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin

from portal.core.pointers import parse

Schema = Mapping[str, Any]

REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
# in which a dictionary's keys are names of the author's, not keywords
NAMED = frozenset(
    {"properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies"}
)
# whose content is data, not schema
DATA = frozenset({"const", "enum", "default", "examples", "example"})


def target(root: Schema, reference: str) -> Any:
    """What a reference means inside of `root`; None when it means nothing there."""
    if reference.startswith("#"):
        base, fragment = "", unquote(reference[1:])
    else:
        base, fragment = urldefrag(urljoin(_id(root), reference))
        fragment = unquote(fragment)
    whole: Any = root if base in ("", urldefrag(_id(root))[0]) else _identified(root).get(base)
    if fragment and not fragment.startswith("/"):
        return _identified(root).get("#" + fragment)
    for part in parse(fragment) if whole is not None else ():
        if isinstance(whole, list) and part.isdecimal() and int(part) < len(whole):
            whole = whole[int(part)]
        else:
            whole = whole.get(part) if isinstance(whole, Mapping) else None
    return whole


def dangling(root: Schema) -> list[str]:
    """The references that lead out of the schema or to nothing in it, each once, in order."""
    found = []
    for schema in subschemas(root):
        reference = schema.get("$ref")
        if isinstance(reference, str) and target(root, reference) is None:
            found.append(reference)
    return list(dict.fromkeys(found))


def subschemas(root: Schema) -> Iterator[Schema]:
    """Each schema written down in `root`, without following references."""
    stack: list[tuple[Any, bool]] = [(root, False)]
    while stack:
        value, named = stack.pop()
        if isinstance(value, list):
            stack += [(each, False) for each in reversed(value)]
        elif isinstance(value, Mapping):
            if not named:
                yield value
            for key, each in reversed(list(value.items())):
                if named or key not in DATA:
                    stack.append((each, not named and key in NAMED))


def _id(schema: Schema) -> str:
    found = schema.get("$id", schema.get("id"))
    return found if isinstance(found, str) else ""


_known: dict[int, tuple[Schema, dict[str, Schema]]] = {}
_MOST_KNOWN = 64


def _identified(root: Schema) -> dict[str, Schema]:
    """Schemas by what they call themselves: absolute ids and `#anchor`s. Kept per schema object."""
    known = _known.get(id(root))
    if known is not None and known[0] is root:
        return known[1]
    names: dict[str, Schema] = {}
    for schema in subschemas(root):
        own = _id(schema)
        if own:
            names.setdefault(own if own.startswith("#") else urldefrag(urljoin(_id(root), own))[0], schema)
        for keyword in ("$anchor", "$dynamicAnchor"):
            if isinstance(schema.get(keyword), str):
                names.setdefault("#" + schema[keyword], schema)
    while len(_known) >= _MOST_KNOWN:
        _known.pop(next(iter(_known)), None)
    _known[id(root)] = (root, names)
    return names
