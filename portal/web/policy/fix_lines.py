"""A policy's ready fix as lines that can be read: a diff where the object is at hand, else its operations."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from portal.core import pointers
from portal.lifecycle.operations import diffing
from portal.policy import Verdict
from portal.policy.fixes import PatchInapplicable, applied

Line = tuple[str, str]
LONGEST_VALUE = 300


def of_verdict(verdict: Verdict, document: Mapping[str, Any] | None = None) -> list[Line]:
    """(mark, text) as the diffs of objects have them; [] where there is no ready fix."""
    if not verdict.fix:
        return []
    if document is not None:
        try:
            return diffing.compare([document], [applied(document, verdict.fix)])[0].lines
        except PatchInapplicable:
            pass  # what was judged had defaults filled in, and this document is written otherwise
    return of_patch(verdict.fix)


def of_patch(patch: Iterable[Mapping[str, Any]]) -> list[Line]:
    """A line for each operation: `+ spec.replicas: 2`, `- spec.hostNetwork`."""
    return [_line(operation) for operation in patch]


def _line(operation: Mapping[str, Any]) -> Line:
    place = dotted(pointers.parse(str(operation["path"])))
    if operation["op"] == "remove":
        return "-", place
    value = json.dumps(operation.get("value"), ensure_ascii=False)
    return "+", f"{place}: {value[:LONGEST_VALUE]}"


def dotted(path: Sequence[str]) -> str:
    """`spec.containers[0].image`, as verdicts name places."""
    text = ""
    for part in path:
        if part.isdecimal() or part == "-":
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text
