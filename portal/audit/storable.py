"""Values as both databases give them back: what is hashed before it is stored is hashed alike when read.

PostgreSQL's jsonb keeps no key order, turns 1e22 into 10000000000000000000000, and refuses U+0000; SQLite
keeps text. What differs is made alike here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

REPLACEMENT = "\ufffd"


def storable(value: Any) -> Any:
    """A copy in plain JSON types. Numbers without a fraction become integers; what no database can store in
    a text becomes U+FFFD. Raises ValueError for NaN and infinities, TypeError for what JSON does not know."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return text(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, Mapping):
        return {_key(name): storable(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [storable(each) for each in value]
    raise TypeError(f"an audit event holds JSON; {type(value).__name__} is none: write it as text")


def text(value: str) -> str:
    """Without U+0000 and unpaired surrogates."""
    plain = str(value)
    if plain.isascii():
        return plain.replace("\0", REPLACEMENT)
    return plain.encode("utf-8", "surrogatepass").decode("utf-8", "replace").replace("\0", REPLACEMENT)


def _number(value: float) -> int | float:
    if not math.isfinite(value):
        raise ValueError(f"an audit event cannot hold {value}")
    return int(value) if value.is_integer() else value


def _key(name: Any) -> str:
    if not isinstance(name, str):
        raise TypeError(f"a key in an audit event is text, not {name!r}")
    return text(name)
