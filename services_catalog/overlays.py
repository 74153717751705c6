"""What may differ from stage to stage: a promotion carries a release's values, but for these places."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from portal.core import pointers
from portal.core.errors import ValidationFailed
from portal.core.pointers import ABSENT, Path, parse, pointer
from services_catalog import schemas
from services_catalog.messages import Problem, problem
from services_catalog.schemas import ANY, Schema
from services_catalog.values import leaves

# whose value is nobody's to give, or is never shown
NOT_FOR_STAGES = (schemas.SECRET, schemas.GENERATE, schemas.CONTEXT, schemas.PLAN)


def carried(
    source: Mapping[str, Any],
    overlays: Sequence[str],
    given: Mapping[str, Any],
    previous: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """The inputs of a promotion: those of the `source` release, except at the overlays.

    There it is what the promoter has `given`; else what the target had, `previous` being the inputs of the
    release that it runs: what it did not say itself stays with its plan. A target that runs nothing yet
    (None) takes the source's. A mapping at an overlay is taken as a whole. Raises ValidationFailed for each
    value that is given elsewhere.
    """
    paths = [parse(text) for text in overlays]
    result = copy.deepcopy(dict(source))
    errors = _elsewhere(given, paths)
    for path in paths:
        value = pointers.get(given, path)
        if value is ABSENT and previous is not None:
            value = pointers.get(previous, path)
        elif value is ABSENT:
            continue
        if value is ABSENT:
            _remove(result, path)
        elif _has_room(result, path):
            pointers.put(result, path, copy.deepcopy(value))
        elif pointers.get(given, path) is not ABSENT:
            said = "The release that is promoted sets what is around it to something else. Change it there."
            errors.append(problem(path, said, "no_room"))
    if errors:
        raise ValidationFailed(errors)
    return result


def problems(schema: Schema, locked: Mapping[str, Any], overlays: Sequence[str]) -> Iterator[Problem]:
    """What is wrong with the overlays of a library's version."""
    paths = [parse(text) for text in overlays]
    for index, path in enumerate(paths):
        place = ("overlays", str(index))
        said = _problem(schema, locked, path)
        if said:
            yield problem(place, said, "overlay")
        elif any(_within(path, other) for other in paths if other != path):
            yield problem(place, f"{pointer(path)} is part of another overlay. Keep one of them.", "twice")


def _problem(schema: Schema, locked: Mapping[str, Any], path: Path) -> str:
    text = pointer(path)
    if schemas.at(schema, path) is None:
        return f"The chart's schema knows no {text}."
    if any(ANY in path or _is_list(schema, path[:end]) for end in range(len(path))):
        return f"{text} is inside of a list. Name the list: it may differ as a whole."
    if any(_meet(path, fixed) for fixed, _ in leaves(locked)):
        return f"{text} is locked by locked_values, so it cannot differ from stage to stage."
    for keyword in NOT_FOR_STAGES:
        if any(_meet(path, marked.path) for marked in schemas.marked(schema, keyword)):
            return f"{text} holds what is marked {keyword}, so nobody gives it at a promotion."
    return ""


def _elsewhere(given: Mapping[str, Any], paths: Sequence[Path]) -> list[Problem]:
    known = ", ".join(pointer(path) for path in paths) or "nothing"
    said = f"This is carried from the stage before. What may differ from stage to stage: {known}."
    return [
        problem(path, said, "not_an_overlay")
        for path, _ in leaves(given)
        if not any(_within(path, overlay) for overlay in paths)
    ]


def _is_list(schema: Schema, path: Path) -> bool:
    node = schemas.at(schema, path) or {}
    return node.get("type") == "array"


def _within(path: Path, outer: Path) -> bool:
    return path[: len(outer)] == outer


def _meet(path: Path, pattern: Path) -> bool:
    """Whether one is the other or inside of it; ANY stands for any part."""
    return all(a == b or ANY in (a, b) for a, b in zip(path, pattern, strict=False))


def _has_room(document: Mapping[str, Any], path: Path) -> bool:
    """Whether putting a value there replaces nothing else."""
    around = (pointers.get(document, path[:end]) for end in range(1, len(path)))
    return all(each is ABSENT or isinstance(each, Mapping) for each in around)


def _remove(document: dict[str, Any], path: Path) -> None:
    holder = pointers.get(document, path[:-1])
    if isinstance(holder, dict):
        holder.pop(path[-1], None)
