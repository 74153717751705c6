"""How functions are found: `name` for those that stand alone, `.name` for those called on a value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, TypeVar

from portal.policy.cel.errors import CelError
from portal.policy.cel.values import type_name

Implementation = Callable[..., Any]
Defined = TypeVar("Defined", bound=Implementation)
IMPLEMENTATIONS: dict[str, Implementation] = {}
# any value
ANY = object


def no_overload(name: str, *arguments: Any) -> CelError:
    """What is said of a function that takes no values of these types."""
    return CelError(f"no such overload: {name}({', '.join(map(type_name, arguments))})")


def define(name: str, *types: type) -> Callable[[Defined], Defined]:
    """Make a function known, which takes arguments of exactly these types (the last ones may be left out)."""

    def decorate(implementation: Defined) -> Defined:
        IMPLEMENTATIONS[name] = _guarded(name.lstrip("."), types, implementation)
        return implementation

    return decorate


def _guarded(name: str, types: Sequence[type], implementation: Implementation) -> Implementation:
    @wraps(implementation)
    def call(*arguments: Any) -> Any:
        for argument, wanted in zip(arguments, types, strict=False):
            if type(argument) is not wanted and wanted is not ANY:
                raise no_overload(name, *arguments)
        return implementation(*arguments)

    return call
