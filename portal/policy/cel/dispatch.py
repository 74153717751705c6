"""Whether a value can be what an overload takes, where the types left just one overload.

What the checker took for a text can be anything while it runs. Functions with several overloads then refuse
it, those with one see to it themselves (cel-go, common/decls).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

from portal.policy.cel.declarations import functions
from portal.policy.cel.functions.registry import Implementation, no_overload
from portal.policy.cel.kinds import Kind
from portal.policy.cel.values import Duration, Optional, Timestamp, Uint, type_name

Check = Callable[[Any], bool]
# these are one function for all types they take
SINGLE: Final = frozenset({"size", "contains", "startsWith", "endsWith", "matches", "dyn", "type"})
TYPES: Final[Mapping[str, type]] = {
    "bool": bool,
    "int": int,
    "uint": Uint,
    "double": float,
    "string": str,
    "bytes": bytes,
    "null": type(None),
    "timestamp": Timestamp,
    "duration": Duration,
}


def guarded(implementation: Implementation, name: str, overloads: tuple[str, ...]) -> Implementation:
    """The implementation, refusing values that the one overload does not take."""
    checks = _checks(name, overloads)
    if not any(checks):
        return implementation

    def call(*arguments: Any) -> Any:
        for check, argument in zip(checks, arguments, strict=False):
            if check is not None and not check(argument):
                raise no_overload(name, *arguments)
        return implementation(*arguments)

    return call


@cache
def _checks(name: str, overloads: tuple[str, ...]) -> tuple[Check | None, ...]:
    declared = functions().get(name, ())
    if len(overloads) != 1 or len(declared) < 2 or name in SINGLE or not name[0].isalpha():
        return ()
    (chosen,) = (overload for overload in declared if overload.identity == overloads[0])
    return tuple(_check(kind) for kind in chosen.parameters)


def _check(kind: Kind) -> Check | None:
    if type(kind) is str:
        wanted = TYPES.get(kind)
        return None if wanted is None else lambda value: type(value) is wanted
    if kind[0] == "list":
        item = _check(kind[1])
        if item is None:
            return lambda value: type(value) is list
        return lambda value: type(value) is list and (not value or item(value[0]))
    if kind[0] == "map":
        return lambda value: type(value) is dict
    if kind[0] in ("struct", "opaque"):
        name = kind[1]
        if name == "optional_type":
            return lambda value: type(value) is Optional
        return lambda value: type_name(value) == name
    return None
