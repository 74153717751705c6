"""`matches`, `find` and `findAll` in RE2, which is linear in its input, as Go's regexp is."""

from __future__ import annotations

from functools import lru_cache
from itertools import islice
from typing import Any

import re2

from portal.policy.cel.errors import CANCELLED, Cancelled, CelError
from portal.policy.cel.functions.registry import IMPLEMENTATIONS, define
from portal.policy.cel.values import Duration, Timestamp

# more would take too long, whatever they cost
MAX_MATCHES = 100_000
_OPTIONS = re2.Options()
_OPTIONS.log_errors = False
# what Go says where the library says something else
_GO_WORDS = {
    "missing )": "missing closing )",
    "missing ]": "missing closing ]",
    "no argument for repetition operator": "missing argument to repetition operator",
    "invalid repetition size": "invalid repeat count",
    "bad repetition operator": "invalid nested repetition operator",
    "trailing \\": "trailing backslash at end of expression",
    "invalid perl operator": "invalid or unsupported Perl syntax",
    "invalid named capture group": "invalid named capture",
}


@lru_cache(maxsize=512)
def compiled(pattern: str) -> Any:
    """Raises CelError in Go's words."""
    try:
        return re2.compile(pattern, _OPTIONS)
    except re2.error as exc:
        detail = exc.args[0].decode() if exc.args and isinstance(exc.args[0], bytes) else str(exc)
        raise CelError(f"error parsing regexp: {_in_go_words(detail, pattern)}") from None


def _in_go_words(detail: str, pattern: str) -> str:
    reason, _, part = detail.partition(": ")
    return f"{_GO_WORDS.get(reason, reason)}: `{part or pattern}`"


def _matches(text: Any, pattern: Any) -> bool:
    if type(text) is not str or type(pattern) is not str:
        named = type(text) not in (str, Timestamp, Duration)
        raise CelError("no such overload: matches" if named else "no such overload")
    return compiled(pattern).search(text) is not None


IMPLEMENTATIONS |= {"matches": _matches, ".matches": _matches}


def _or_illegal(pattern: str) -> Any:
    try:
        return compiled(pattern)
    except CelError as exc:
        raise CelError(f"Illegal regex: {exc}") from None


@define(".find", str, str)
def _find(text: str, pattern: str) -> str:
    found = _or_illegal(pattern).search(text)
    return found.group() if found else ""


@define(".findAll", str, str, int)
def _find_all(text: str, pattern: str, limit: int = -1) -> list[str]:
    matches = (found.group() for found in _or_illegal(pattern).finditer(text))
    wanted = list(islice(matches, MAX_MATCHES + 1 if limit < 0 else min(limit, MAX_MATCHES + 1)))
    if len(wanted) > MAX_MATCHES:
        raise Cancelled(CANCELLED)
    return wanted
