"""`semver` (apiserver/pkg/cel/library/semverlib.go), and the comparisons that it shares with `quantity`."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import total_ordering
from typing import Any

from portal.policy.cel.functions import quantities
from portal.policy.cel.functions.declare import BOOL, INT, STRING, CelType, Function, Overload, method, opaque

SEMVER = opaque("semver", "kubernetes.Semver")
_NUMBER = r"(0|[1-9]\d*)"
_STRICT = re.compile(
    rf"^{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?$"
)
_LENIENT = re.compile(r"^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?((?:-[^+]*)?(?:\+.*)?)$")


@total_ordering
class _Version:
    """A semantic version's precedence (semver.org, clause 11); build metadata does not count."""

    def __init__(self, text: str) -> None:
        found = _STRICT.match(text)
        if found is None:
            raise ValueError(
                f"Invalid character(s) found in version: {text}" if text else "Version string empty"
            )
        self.numbers = (int(found[1]), int(found[2]), int(found[3]))
        self.labels = [
            (0, int(part), "") if part.isdigit() else (1, 0, part)
            for part in (found[4] or "").split(".")
            if part
        ]
        if any(part.isdigit() and len(part) > 1 and part[0] == "0" for part in (found[4] or "").split(".")):
            raise ValueError(f"Numeric PreRelease version must not contain leading zeroes {text!r}")

    def _order(self) -> tuple[tuple[int, int, int], bool, list[tuple[int, int, str]]]:
        return self.numbers, not self.labels, self.labels

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Version) and self._order() == other._order()

    def __lt__(self, other: _Version) -> bool:
        return self._order() < other._order()

    def __hash__(self) -> int:
        return hash(self.numbers)


def _normalised(text: str) -> str:
    found = _LENIENT.match(text)
    if found is None:
        return text
    return ".".join(str(int(found[i] or "0")) for i in (1, 2, 3)) + found[4]


def _parse(text: str, lenient: bool = False) -> bytes:
    wanted = _normalised(text) if lenient else text
    _Version(wanted)
    # build metadata does not make two versions differ
    return SEMVER.pack(wanted.partition("+")[0])


def _read(packed: bytes) -> _Version:
    return _Version(SEMVER.unpack(packed))


def _is_semver(text: str, lenient: bool = False) -> bool:
    try:
        _parse(text, lenient)
    except ValueError:
        return False
    return True


def _compare(left: bytes, right: bytes) -> int:
    if bytes(left).startswith(quantities.QUANTITY.pack("")):
        return quantities.compare(left, right)
    a, b = _read(left), _read(right)
    return (a > b) - (a < b)


def _comparison(name: str, result: CelType, implementation: Callable[[bytes, bytes], Any]) -> Function:
    pairs = ((quantities.QUANTITY, quantities.QUANTITY), (SEMVER, SEMVER))
    return Function(name, tuple(Overload(result, pair, implementation) for pair in pairs), member=True)


FUNCTIONS: tuple[Function, ...] = (
    Function("semver", (Overload(SEMVER, [STRING], _parse), Overload(SEMVER, [STRING, BOOL], _parse))),
    Function("isSemver", (Overload(BOOL, [STRING], _is_semver), Overload(BOOL, [STRING, BOOL], _is_semver))),
    method("major", INT, [SEMVER], lambda v: _read(v).numbers[0]),
    method("minor", INT, [SEMVER], lambda v: _read(v).numbers[1]),
    method("patch", INT, [SEMVER], lambda v: _read(v).numbers[2]),
    _comparison("compareTo", INT, _compare),
    _comparison("isLessThan", BOOL, lambda a, b: _compare(a, b) < 0),
    _comparison("isGreaterThan", BOOL, lambda a, b: _compare(a, b) > 0),
)
