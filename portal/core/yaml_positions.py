"""Where each value of a YAML document stands, so that an error can name its line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import yaml

from portal.core.pointers import Path, parse, pointer
from portal.core.yaml_loader import Loader

MOST = 100_000


@dataclass(frozen=True, order=True)
class Mark:
    """Both count from 1."""

    line: int
    column: int


def positions(text: str) -> dict[str, Mark]:
    """The place of each value by its JSON pointer: where its key stands, or the entry of a list.

    Empty for what is no YAML. For documents that documents.load_yaml() has accepted: bounded, no aliases.
    """
    try:
        root = yaml.compose(text, Loader=Loader)
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}
    found: dict[str, Mark] = {}
    stack: list[tuple[Path, yaml.Node, yaml.Node]] = [] if root is None else [((), root, root)]
    while stack and len(found) < MOST:
        path, start, node = stack.pop()
        mark = start.start_mark
        found[pointer(path)] = Mark(mark.line + 1, mark.column + 1) if mark else Mark(1, 1)
        if isinstance(node, yaml.MappingNode):
            stack += [((*path, str(key.value)), key, inner) for key, inner in node.value]
        elif isinstance(node, yaml.SequenceNode):
            stack += [((*path, str(index)), inner, inner) for index, inner in enumerate(node.value)]
    return found


def nearest(known: Mapping[str, Mark], path: str) -> Mark:
    """The mark of `path`, or of what would hold it when it is missing."""
    parts = parse(path) if path.startswith("/") else ()
    for end in range(len(parts), -1, -1):
        mark = known.get(pointer(parts[:end]))
        if mark is not None:
            return mark
    return Mark(1, 1)
