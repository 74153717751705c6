"""Mistakes in literals that the API server finds when a policy is stored: patterns, durations, timestamps."""

from __future__ import annotations

from collections.abc import Iterator

from portal.policy.cel.environment import evaluating_environment
from portal.policy.cel.messages import in_server_words
from portal.policy.cel.syntax import Group, Member, Run, Token, groups_of, parse


def literal_problem(source: str) -> tuple[str, int] | None:
    """The first wrong literal: what is wrong with it, and its offset."""
    for name, literal in _literals(parse(source)):
        text = literal.text
        probe = f"''.matches({text})" if name == "matches" else f"{name}({text})"
        result = evaluating_environment().compile(probe, disable_check=True).eval(data={})
        if result.type().name() == "ERROR":
            return f"invalid {name} argument: {in_server_words(str(result.value()))}", literal.start
    return None


def _literals(run: Run) -> Iterator[tuple[str, Token]]:
    """Literal arguments of `matches`, `duration` and `timestamp`."""
    for part in run.parts:
        if not isinstance(part, Member):
            continue
        if isinstance(part.head, Token) and part.head.text in ("duration", "timestamp") and part.call:
            yield from _argument(part.head.text, part.call)
        for step in part.steps:
            if step.name == "matches" and step.call:
                yield from _argument("matches", step.call)
        for group in groups_of(part):
            for item in group.items:
                yield from _literals(item)


def _argument(name: str, call: Group) -> Iterator[tuple[str, Token]]:
    parts = call.items[0].parts if len(call.items) == 1 else []
    if len(parts) == 1 and isinstance(parts[0], Member) and not parts[0].steps:
        head = parts[0].head
        if isinstance(head, Token) and head.kind == "string":
            yield name, head
