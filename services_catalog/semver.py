"""Semantic versions (https://semver.org, 2.0.0): reading and precedence."""

from __future__ import annotations

import re
from typing import Any

SEMVER = re.compile(
    r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"
    r"(?:-((?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(?:\.(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*))?"
    r"(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$",
    re.ASCII,
)


def is_semver(text: str) -> bool:
    return SEMVER.fullmatch(text) is not None


def precedence(version: str) -> tuple[Any, ...]:
    """A sort key by semver's section 11: a pre-release comes before its release; build data is ignored.

    Raises ValueError when `version` is not a semantic version.
    """
    match = SEMVER.fullmatch(version)
    if match is None:
        raise ValueError(f"{version!r} is not a semantic version such as 1.4.2.")
    major, minor, patch, prerelease = match.groups()
    identifiers = tuple(
        (0, int(part), "") if part.isdigit() else (1, 0, part)
        for part in (prerelease or "").split(".")
        if part
    )
    return (int(major), int(minor), int(patch), prerelease is None, identifiers)
