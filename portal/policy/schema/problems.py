"""What the schema check says, and how it says it in one message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

# who says it: decoding, strict decoding, server-side apply, validation, discovery, a limit
Family = Literal["type", "strict", "apply", "missing", "kind", "size"]
_ORDER: tuple[Family, ...] = get_args(Family)


@dataclass(frozen=True)
class SchemaProblem:
    """One thing that the API server would refuse.

    `path` is the field as the server writes it, "" for the document; `message` is in the server's words.
    """

    path: str
    message: str
    family: Family


def explained(document: Mapping[str, Any], problems: Sequence[SchemaProblem]) -> str:
    """The problems in one message, those of a family together and led in as the API server does."""
    version = str(document.get("apiVersion") or "").rpartition("/")[2]
    kind = str(document.get("kind") or "")
    cannot = f'{kind} in version "{version}" cannot be handled as a {kind}'
    leads: Mapping[Family, str] = {
        "type": f"{cannot}: ",
        "strict": f"{cannot}: strict decoding error: ",
        "apply": "failed to create typed patch object: ",
        "missing": f"{kind} is invalid: ",
    }
    parts: list[str] = []
    before = ""
    for problem in sorted(problems, key=lambda each: _ORDER.index(each.family)):
        lead = leads.get(problem.family, "") if problem.family != before else ""
        parts.append(f"{lead}{problem.message}{_where(problem)}")
        before = problem.family
    return "; ".join(parts)


def _where(problem: SchemaProblem) -> str:
    """The place, where Go leaves out an index or a key of a map."""
    if problem.family != "type" or f".{problem.path} of type " in problem.message:
        return ""
    return f" ({problem.path})"
