"""Types of CEL expressions, and how the checker unifies them (cel-go, checker/types.go).

A type is a word (`int`) or a tuple: `("list", t)`, `("map", k, v)`, `("opaque", name, …)`, `("type", t)`,
`("struct", name)` and `("var", name)`, which stands for a type not known yet. Tuples compare and hash.
"""

from __future__ import annotations

from functools import cache
from typing import Any, TypeAlias

# recursive, which mypy cannot say of tuples of any length
Kind: TypeAlias = Any
Bindings: TypeAlias = dict[Kind, Kind]

BOOL, INT, UINT, DOUBLE, STRING, BYTES = "bool", "int", "uint", "double", "string", "bytes"
NULL, TIMESTAMP, DURATION, DYN, ERROR = "null", "timestamp", "duration", "dyn", "error"
OPTIONAL = "optional_type"
QUANTITY, URL, SEMVER = ("struct", "kubernetes.Quantity"), ("struct", "kubernetes.URL"), "kubernetes.Semver"
FUNCTION = "function"
# the spelling of a type where the API server says what an expression came to
OUTPUT_NAMES = {
    NULL: "null_type",
    TIMESTAMP: "google.protobuf.Timestamp",
    DURATION: "google.protobuf.Duration",
}
# what is no scalar may be compared to null
NULLABLE_WORDS = frozenset({TIMESTAMP, DURATION, DYN})


def list_of(item: Kind) -> Kind:
    return ("list", item)


def map_of(key: Kind, value: Kind) -> Kind:
    return ("map", key, value)


def optional_of(item: Kind) -> Kind:
    return ("opaque", OPTIONAL, item)


def is_optional(kind: Kind) -> bool:
    return type(kind) is tuple and kind[0] == "opaque" and kind[1] == OPTIONAL


def unwrapped(kind: Kind) -> Kind:
    """What an optional type is an optional of; other types are themselves."""
    return kind[2] if is_optional(kind) else kind


@cache
def has_variables(kind: Kind) -> bool:
    if type(kind) is str:
        return False
    return bool(kind[0] == "var" or any(has_variables(part) for part in kind[1:]))


def spelled(kind: Kind, names: dict[str, str] | None = None) -> str:
    """As error messages say it: `list(string)`, `map(string, dyn)`, `kubernetes.Quantity`."""
    if type(kind) is str:
        return (names or {}).get(kind, kind) if kind != ERROR else "!error!"
    tag = kind[0]
    if tag in ("var", "struct"):
        return str(kind[1])
    if tag == "opaque":
        inner = ", ".join(spelled(part, names) for part in kind[2:])
        return f"{kind[1]}({inner})" if inner else str(kind[1])
    inner = ", ".join(spelled(part, names) for part in kind[1:])
    return f"{tag}({inner})" if inner else str(tag)


def output_name(kind: Kind) -> str:
    return spelled(kind, OUTPUT_NAMES)


def signature(arguments: tuple[Kind, ...], *, member: bool) -> str:
    """The arguments of a call as error messages say them: `(int, string)`, `string.(int)`."""
    said = [spelled(kind) for kind in arguments]
    if member:
        return f"{said[0]}.({', '.join(said[1:])})"
    return f"({', '.join(said)})"


def substituted(bound: Bindings, kind: Kind, *, to_dyn: bool = False) -> Kind:
    """The type with what is known of its variables put in; `to_dyn`: what is not known is dyn."""
    if type(kind) is str or not has_variables(kind):
        return kind
    if kind[0] == "var":
        found = bound.get(kind)
        if found is not None:
            return substituted(bound, found, to_dyn=to_dyn)
        return DYN if to_dyn else kind
    return tuple(
        part if position == 0 else substituted(bound, part, to_dyn=to_dyn)
        for position, part in enumerate(kind)
    )


def assignable(bound: Bindings, first: Kind, second: Kind) -> bool:
    """Whether `first` can stand for `second`. Binds variables in `bound`, only when the answer is yes."""
    if first == second:
        return True
    if not has_variables(first) and not has_variables(second):
        return _fits({}, first, second)
    trial = dict(bound)
    if not _fits(trial, first, second):
        return False
    bound.update(trial)
    return True


def all_assignable(bound: Bindings, first: tuple[Kind, ...], second: tuple[Kind, ...]) -> bool:
    trial = dict(bound)
    if len(first) != len(second) or not all(_fits(trial, a, b) for a, b in zip(first, second, strict=True)):
        return False
    bound.update(trial)
    return True


def more_general(first: Kind, second: Kind) -> Kind:
    """Of two types that unify, the one that says less."""
    return first if _no_more_specific(first, second) else second


def _is_variable(kind: Kind) -> bool:
    return type(kind) is tuple and kind[0] == "var"


def _no_more_specific(first: Kind, second: Kind) -> bool:
    if first == DYN or _is_variable(first):
        return True
    if second == DYN or _is_variable(second):
        return False
    if type(first) is str or type(second) is str:
        return bool(first == second)
    if first[0] != second[0]:
        return False
    if first[0] in ("opaque", "list", "map"):
        return len(first) == len(second) and all(
            a == b if type(a) is str and position < 2 and first[0] == "opaque" else _no_more_specific(a, b)
            for position, (a, b) in enumerate(zip(first, second, strict=True))
        )
    return bool(first[0] == "type" or first == second)


def _fits(bound: Bindings, first: Kind, second: Kind) -> bool:
    if _is_variable(second):
        valid, known = _substitutes(bound, first, second)
        if valid or known:
            return valid
    if _is_variable(first):
        return _substitutes(bound, second, first)[0]
    if first in (DYN, ERROR) or second in (DYN, ERROR):
        return True
    if first == NULL or second == NULL:
        return _nullable(second if first == NULL else first)
    if type(first) is str or type(second) is str:
        return bool(first == second)
    if first[0] != second[0]:
        return False
    if first[0] == "type":
        return True
    if first[0] == "struct":
        return bool(first == second)
    start = 2 if first[0] == "opaque" else 1
    return (
        len(first) == len(second)
        and (start == 1 or first[1] == second[1])
        and all(_fits(bound, a, b) for a, b in zip(first[start:], second[start:], strict=True))
    )


def _nullable(kind: Kind) -> bool:
    if type(kind) is str:
        return kind in NULLABLE_WORDS or kind == NULL
    return kind[0] in ("opaque", "struct")


def _substitutes(bound: Bindings, kind: Kind, variable: Kind) -> tuple[bool, bool]:
    """Whether `kind` can be what `variable` stands for, and whether something was known of the variable."""
    if kind == variable:
        return True, True
    known = bound.get(variable)
    if known is not None:
        if kind == known:
            return True, True
        if not _fits(bound, kind, known):
            return False, True
        general = more_general(kind, known)
        if not _occurs(bound, variable, general):
            bound[variable] = general
        return True, True
    if _occurs(bound, variable, kind):
        return False, False
    bound[variable] = kind
    return True, False


def _occurs(bound: Bindings, variable: Kind, within: Kind) -> bool:
    if within == variable:
        return True
    if type(within) is str:
        return False
    if within[0] == "var":
        known = bound.get(within)
        return known is not None and _occurs(bound, variable, known)
    return any(_occurs(bound, variable, part) for part in within[1:])
