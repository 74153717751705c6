"""What functions there are, read from their signatures."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from portal.policy.cel import kinds
from portal.policy.cel.kinds import Kind, list_of, map_of, optional_of
from portal.policy.cel.signatures import FROM_TIMESTAMP, lines

_LINE = re.compile(r"^(\.?)([^\s(]*)\((.*)\) -> (\S.*?) #(\S+)$")
_WORDS = re.compile(r"[\w.]+|[(),]")
_STRUCTS = frozenset(
    {
        *("kubernetes.Quantity", "kubernetes.URL", "kubernetes.Semver"),
        *(f"kubernetes.authorization.{name}" for name in ("Authorizer", "PathCheck", "GroupCheck")),
        *(f"kubernetes.authorization.{name}" for name in ("ResourceCheck", "Decision")),
    }
)


@dataclass(frozen=True, slots=True)
class Overload:
    identity: str
    member: bool
    parameters: tuple[Kind, ...]
    result: Kind
    generic: bool


@cache
def kind_named(text: str) -> Kind:
    """The type that a text such as `list(string)` names."""
    words = _WORDS.findall(text)

    def read(at: int) -> tuple[Kind, int]:
        word = words[at]
        if at + 1 >= len(words) or words[at + 1] != "(":
            if len(word) == 1:
                return ("var", word), at + 1
            if "." in word:
                return (("struct", word) if word in _STRUCTS else ("opaque", word)), at + 1
            return word, at + 1
        inner, at = [], at + 1
        while words[at] != ")":
            kind, at = read(at + 1)
            inner.append(kind)
        made: dict[str, Callable[..., Kind]] = {"list": list_of, "map": map_of, "optional_type": optional_of}
        return (made[word](*inner) if word in made else (word, *inner)), at + 1

    return read(0)[0]


@cache
def functions() -> dict[str, tuple[Overload, ...]]:
    """All overloads of each function, in the API server's order."""
    found: dict[str, list[Overload]] = {}
    for line in lines():
        parts = _LINE.match(line)
        if parts is None:
            raise ValueError(f"not a declaration: {line}")
        dot, name, parameters, result, identity = parts.groups()
        kinds_of = _parameters(parameters)
        generic = any(kinds.has_variables(kind) for kind in kinds_of)
        overload = Overload(
            identity, bool(dot), kinds_of, kind_named(result), generic or name == "optional.none"
        )
        found.setdefault(name, []).append(overload)
    # timestamps come before durations
    return {
        name: tuple(sorted(overloads, key=lambda one: one.parameters[:1] == (kinds.DURATION,)))
        if name in FROM_TIMESTAMP
        else tuple(overloads)
        for name, overloads in found.items()
    }


@cache
def _parameters(text: str) -> tuple[Kind, ...]:
    return kind_named(f"x({text})")[1:] if text else ()
