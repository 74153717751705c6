"""Only what JSON can say is judged: anything else would be judged for something that it is not."""

from __future__ import annotations

import math
from typing import Any, Final

from portal.policy.cel.values import INT_MAX, INT_MIN

MAX_DEPTH: Final = 500
_FINE: Final = frozenset({bool, type(None)})


class NotPlain(ValueError):
    """A document holds a value that the API server could not store."""


def require_plain(document: Any) -> None:
    """Raises NotPlain for what is no JSON: other types, keys that are no texts, endless numbers or depth."""
    level: list[Any] = [document]
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for value in level:
            kind = type(value)
            if kind is str:
                if not value.isascii():
                    _require_text(value)
            elif kind is dict:
                for key in value:
                    if type(key) is not str:
                        raise NotPlain(f"the key {key!r} is no text")
                    if not key.isascii():
                        _require_text(key)
                below.extend(value.values())
            elif kind is list:
                below.extend(value)
            elif kind is int:
                if not INT_MIN <= value <= INT_MAX:
                    raise NotPlain("a whole number is larger than 64 bits can hold")
            elif kind is float:
                if not math.isfinite(value):
                    raise NotPlain(f"{value} is no number that JSON knows")
            elif kind not in _FINE:
                raise NotPlain(f"a value of the type {kind.__name__} is no JSON; put it in quotes")
        if not below:
            return
        level = below
    raise NotPlain(f"the document nests more than {MAX_DEPTH} levels deep")


def _require_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise NotPlain("a text holds half a character (a lone surrogate)") from None
