"""What is wrong with an expression, and how the API server shows it (cel-go, common/error.go)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

MAX_SHOWN = 100
# the longest text and the longest list that an evaluation may make, whatever they cost
MAX_TEXT = 16 * 1024 * 1024
MAX_LIST = 1_000_000
CANCELLED = "operation cancelled: actual cost limit exceeded"


class Problem(NamedTuple):
    """`at` is the offset in the expression, in characters; -1 for the expression as a whole."""

    at: int
    message: str


class ExpressionInvalid(ValueError):
    """An expression that does not compile. The text is the API server's, without the field and the value."""


class CelError(Exception):
    """Evaluation of a part of an expression failed; `||` and `&&` may still make up for it."""


class Cancelled(Exception):
    """Evaluation of the whole expression was given up: it costs too much."""


def compile_failure(source: str, problems: Sequence[Problem]) -> str:
    """All problems in order of their place, each with its line and a caret under it."""
    ordered = sorted(problems, key=lambda problem: problem.at)
    shown = [_located(source, problem) for problem in ordered[:MAX_SHOWN]]
    if len(ordered) > MAX_SHOWN:
        shown.append(f"{len(ordered) - MAX_SHOWN} more errors were truncated")
    return "compilation failed: " + "\n".join(shown)


def _located(source: str, problem: Problem) -> str:
    if problem.at < 0:
        return f"ERROR: <input>:-1:0: {problem.message}"
    start = source.rfind("\n", 0, problem.at) + 1
    line = source[start:].partition("\n")[0].replace("\t", " ")
    column = problem.at - start
    row = source.count("\n", 0, problem.at) + 1
    # characters of more than one byte are taken to be wide
    dots = "".join("." if char < "\x80" else "\uff0e" for char in line[:column])
    caret = "\uff3e" if line[column : column + 1] >= "\x80" else "^"
    return f"ERROR: <input>:{row}:{column + 1}: {problem.message}\n | {line}\n | {dots}{caret}"
