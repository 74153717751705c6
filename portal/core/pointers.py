"""JSON pointers (RFC 6901): how a place inside values is named in forms, errors and files."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Path = tuple[str, ...]

# Not a JSON value, so that "absent" and null stay apart.
ABSENT: Any = object()


def pointer(path: Iterable[str | int]) -> str:
    """`("image", "tag")` → `/image/tag`; the whole document is the empty string."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def parse(text: str) -> Path:
    """The parts of a JSON pointer. Raises ValueError when it does not start with '/'."""
    if text == "":
        return ()
    if not text.startswith("/"):
        raise ValueError(f"{text!r} is not a JSON pointer such as /image/tag.")
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in text[1:].split("/"))


def get(document: Any, path: Iterable[str]) -> Any:
    """What `document` holds at `path`, or ABSENT. List positions are decimal numbers."""
    current = document
    for part in path:
        if isinstance(current, dict) and part in current:
            current = current[part]
        elif isinstance(current, list) and part.isdecimal() and int(part) < len(current):
            current = current[int(part)]
        else:
            return ABSENT
    return current


def put(document: Any, path: Path, value: Any) -> None:
    """Set `value` at `path`, making mappings on the way; replaces what cannot hold the rest of the path."""
    head, rest = path[0], path[1:]
    if rest:
        inner = get(document, (head,))
        if not (isinstance(inner, dict) or get(inner, rest[:1]) is not ABSENT):
            inner = {}
        put(inner, rest, value)
        value = inner
    if isinstance(document, list):
        document[int(head)] = value
    else:
        document[head] = value
