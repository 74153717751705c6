"""Values that may be absent (cel-go, cel/library.go). `or` and `orValue` are operators: see planning.py."""

from __future__ import annotations

from typing import Any

from portal.policy.cel.errors import CelError
from portal.policy.cel.functions.registry import ANY, define
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


@define("optional.unwrap", list)
@define(".unwrapOpt", list)
def _unwrap(items: list[Any]) -> list[Any]:
    for item in items:
        if type(item) is not Optional:
            raise CelError(f"value {shown(item)} is not optional")
    return [item.value for item in items if item.present]
