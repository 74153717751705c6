"""`semver` (apiserver/pkg/cel/library/semverlib.go, and blang/semver which reads them)."""

from __future__ import annotations

import re
from typing import Any

from portal.policy.cel.errors import CelError
from portal.policy.cel.functions.registry import define
from portal.policy.cel.values import Opaque

_DIGITS = re.compile(r"\d+", re.ASCII)
_LABEL = re.compile(r"[0-9A-Za-z-]+", re.ASCII)
_PARTS = ("major", "minor", "patch")


class Semver(Opaque):
    """A semantic version; `order` is its precedence (semver.org, clause 11), which leaves build data out."""

    __slots__ = ("numbers", "order")
    type_name = "kubernetes.Semver"

    def __init__(self, numbers: tuple[int, int, int], labels: list[tuple[int, int, str]]) -> None:
        self.numbers = numbers
        self.order = (numbers, not labels, labels)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Semver) and self.order == other.order

    def __hash__(self) -> int:
        return hash(self.numbers)


def _number(text: str, part: str) -> int:
    if not _DIGITS.fullmatch(text):
        raise CelError(f'Invalid character(s) found in {part} number "{text}"')
    if len(text) > 1 and text[0] == "0":
        raise CelError(f'{part.capitalize()} number must not contain leading zeroes "{text}"')
    if int(text) >= 2**64:
        raise CelError(f'strconv.ParseUint: parsing "{text}": value out of range')
    return int(text)


def parse_semver(text: str) -> Semver:
    if not text:
        raise CelError("Version string empty")
    parts = text.split(".", 2)
    if len(parts) != 3:
        raise CelError("No Major.Minor.Patch elements found")
    major, minor = _number(parts[0], "major"), _number(parts[1], "minor")
    rest, plus, build = parts[2].partition("+")
    patch, dash, labels = rest.partition("-")
    number = _number(patch, "patch")
    found = [_label(label) for label in labels.split(".")] if dash else []
    for piece in build.split(".") if plus else ():
        if not piece:
            raise CelError("Build meta data is empty")
        if not _LABEL.fullmatch(piece):
            raise CelError(f'Invalid character(s) found in build meta data "{piece}"')
    return Semver((major, minor, number), found)


def _label(text: str) -> tuple[int, int, str]:
    """A prerelease label in its order: numbers before words."""
    if not text:
        raise CelError("Prerelease is empty")
    if _DIGITS.fullmatch(text):
        if len(text) > 1 and text[0] == "0":
            raise CelError(f'Numeric PreRelease version must not contain leading zeroes "{text}"')
        return 0, int(text), ""
    if not _LABEL.fullmatch(text):
        raise CelError(f'Invalid character(s) found in prerelease "{text}"')
    return 1, 0, text


def _normalised(text: str) -> str:
    parts = text.removeprefix("v").split(".", 2)
    for position, part in enumerate(parts):
        if len(part) > 1:
            shorter = part.lstrip("0")
            parts[position] = shorter if shorter[:1].isdigit() else f"0{shorter}"
    if len(parts) < 3:
        if re.search("[+-]", parts[-1]):
            raise CelError("short version cannot contain PreRelease/Build meta data")
        parts += ["0"] * (3 - len(parts))
    return ".".join(parts)


@define("semver", str, bool)
def _semver(text: str, lenient: bool = False) -> Semver:
    return parse_semver(_normalised(text) if lenient else text)


@define("isSemver", str, bool)
def _is_semver(text: str, lenient: bool = False) -> bool:
    try:
        _semver(text, lenient)
    except CelError:
        return False
    return True


def _part(position: int) -> Any:
    return lambda version: version.numbers[position]


for _position, _name in enumerate(_PARTS):
    define(f".{_name}", Semver)(_part(_position))
