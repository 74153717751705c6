"""Values that may be absent (cel-go, cel/library.go). `or` and `orValue` are operators: see planning.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from portal.policy.cel.errors import CelError
from portal.policy.cel.functions.registry import ANY, IMPLEMENTATIONS, define, no_overload
from portal.policy.cel.values import NONE, Optional, is_zero, shown


@define("optional.none")
def _none() -> Optional:
    return NONE


@define("optional.of", ANY)
def _of(value: Any) -> Optional:
    return Optional(value)


@define("optional.ofNonZeroValue", ANY)
def _of_non_zero(value: Any) -> Optional:
    return NONE if is_zero(value) else Optional(value)


@define(".hasValue", Optional)
def _has_value(value: Optional) -> bool:
    return value.present


@define(".value", Optional)
def _value(value: Optional) -> Any:
    if not value.present:
        raise CelError("optional.none() dereference")
    return value.value


def _unwrapper(name: str) -> Callable[[Any], list[Any]]:
    def unwrap(items: Any) -> list[Any]:
        if type(items) is not list or (items and type(items[0]) is not Optional):
            raise no_overload(name, items)
        for item in items:
            if type(item) is not Optional:
                raise CelError(f"value {shown(item)} is not optional")
        return [item.value for item in items if item.present]

    return unwrap


IMPLEMENTATIONS |= {"optional.unwrap": _unwrapper("optional.unwrap"), ".unwrapOpt": _unwrapper("unwrapOpt")}
