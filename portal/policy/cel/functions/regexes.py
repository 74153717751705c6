"""`find` and `findAll` (apiserver/pkg/cel/library/regex.go), in RE2, which is linear in its input."""

from __future__ import annotations

from functools import lru_cache
from itertools import islice
from typing import Any

import re2

from portal.policy.cel.functions.declare import INT, STRING, STRINGS, Function, Overload, method

_OPTIONS = re2.Options()
_OPTIONS.log_errors = False


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> Any:
    try:
        return re2.compile(pattern, _OPTIONS)
    except re2.error as exc:
        detail = exc.args[0].decode() if exc.args and isinstance(exc.args[0], bytes) else str(exc)
        raise ValueError(f"Illegal regex: error parsing regexp: {detail}") from None


def _find(text: str, pattern: str) -> str:
    found = _compiled(pattern).search(text)
    return found.group() if found else ""


def _find_all(text: str, pattern: str, limit: int = -1) -> list[str]:
    matches = (found.group() for found in _compiled(pattern).finditer(text))
    return list(matches if limit < 0 else islice(matches, limit))


FUNCTIONS: tuple[Function, ...] = (
    method("find", STRING, [STRING, STRING], _find),
    Function(
        "findAll",
        (
            Overload(STRINGS, [STRING, STRING], _find_all),
            Overload(STRINGS, [STRING, STRING, INT], _find_all),
        ),
        member=True,
    ),
)
