"""Values as YAML: read, and every error at its line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from portal.core.documents import load_mapping
from portal.core.errors import InvalidInput
from portal.core.yaml_positions import nearest, positions


@dataclass(frozen=True, order=True)
class LineProblem:
    """One error where it stands; line and column count from 1. `path` is "" for what is no YAML at all."""

    line: int
    column: int
    path: str
    message: str
    code: str = ""


@dataclass(frozen=True)
class YamlText:
    """What was typed. Either `values`, or `problem` says why there are none."""

    text: str
    values: dict[str, Any] = field(default_factory=dict)
    problem: LineProblem | None = None


def read_yaml(text: str) -> YamlText:
    """Never raises: text that is no YAML has a problem with its line."""
    try:
        return YamlText(text, load_mapping(text))
    except InvalidInput as error:
        line, column = int(error.details.get("line") or 1), int(error.details.get("column") or 1)
        return YamlText(text, problem=LineProblem(line, column, "", error.message, error.code))


def located(text: str, problems: Iterable[Mapping[str, str]]) -> list[LineProblem]:
    """The problems of values (path, message, code) at the lines of the text that they were read from.

    What is missing is said at what should hold it. Ordered as the text is.
    """
    known = positions(text)
    found = []
    for each in problems:
        mark = nearest(known, each["path"])
        place = LineProblem(mark.line, mark.column, each["path"], each["message"], each.get("code", ""))
        found.append(place)
    return sorted(found)
