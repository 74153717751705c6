"""`quantity` (apiserver/pkg/cel/library/quantity.go), and the comparisons that it shares with `semver`."""

from __future__ import annotations

from typing import Any

from portal.policy.cel.errors import CelError
from portal.policy.cel.functions.registry import IMPLEMENTATIONS, define, no_overload
from portal.policy.cel.functions.semvers import Semver
from portal.policy.cel.values import Opaque
from portal.policy.quantities import Quantity, QuantityError, parse_quantity


class Amount(Opaque):
    """A quantity as a value of an expression."""

    __slots__ = ("quantity",)
    type_name = "kubernetes.Quantity"

    def __init__(self, quantity: Quantity) -> None:
        self.quantity = quantity

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Amount) and self.quantity == other.quantity

    def __hash__(self) -> int:
        return hash(self.quantity)


@define("quantity", str)
def _quantity(text: str) -> Amount:
    try:
        return Amount(parse_quantity(text))
    except QuantityError as exc:
        raise CelError(str(exc)) from None


@define("isQuantity", str)
def _is_quantity(text: str) -> bool:
    try:
        parse_quantity(text)
    except QuantityError:
        return False
    return True


@define(".isInteger", Amount)
def _is_integer(amount: Amount) -> bool:
    return amount.quantity.is_integer


@define(".asInteger", Amount)
def _as_integer(amount: Amount) -> int:
    if not amount.quantity.is_integer:
        raise CelError("cannot convert value to integer")
    return int(amount.quantity.amount)


@define(".asApproximateFloat", Amount)
def _as_float(amount: Amount) -> float:
    return float(amount.quantity.amount)


@define("sign", Amount)
def _sign(amount: Amount) -> int:
    return (amount.quantity.amount > 0) - (amount.quantity.amount < 0)


def _other(name: str, left: Any, right: Any) -> Quantity | int:
    if type(left) is Amount:
        if type(right) is Amount:
            return right.quantity
        if type(right) is int:
            return right
    raise no_overload(name, left, right)


def _add(left: Any, right: Any) -> Amount:
    other = _other("add", left, right)
    return Amount(left.quantity.plus(other))


def _sub(left: Any, right: Any) -> Amount:
    other = _other("sub", left, right)
    return Amount(left.quantity.minus(other))


def _compared(name: str, left: Any, right: Any) -> int:
    if type(left) is Amount and type(right) is Amount:
        return (left.quantity > right.quantity) - (left.quantity < right.quantity)
    if type(left) is Semver and type(right) is Semver:
        return (left.order > right.order) - (left.order < right.order)
    raise no_overload(name, left, right)


IMPLEMENTATIONS |= {
    ".add": _add,
    ".sub": _sub,
    ".compareTo": lambda left, right: _compared("compareTo", left, right),
    ".isGreaterThan": lambda left, right: _compared("isGreaterThan", left, right) > 0,
    ".isLessThan": lambda left, right: _compared("isLessThan", left, right) < 0,
}
