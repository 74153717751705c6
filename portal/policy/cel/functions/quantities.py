"""`quantity` (apiserver/pkg/cel/library/quantity.go)."""

from __future__ import annotations

from decimal import Decimal

from portal.policy.cel.functions.declare import (
    BOOL,
    DOUBLE,
    INT,
    STRING,
    Function,
    Overload,
    function,
    method,
    opaque,
)
from portal.policy.quantities import Quantity, QuantityError, parse_quantity

QUANTITY = opaque("quantity", "kubernetes.Quantity")


def _pack(quantity: Quantity) -> bytes:
    return QUANTITY.pack(format(quantity.amount.normalize(), "f"))


def _read(packed: bytes) -> Quantity:
    return Quantity(Decimal(QUANTITY.unpack(packed)))


def _is_quantity(text: str) -> bool:
    try:
        parse_quantity(text)
    except QuantityError:
        return False
    return True


def _as_integer(packed: bytes) -> int:
    quantity = _read(packed)
    if not quantity.is_integer:
        raise ValueError("cannot convert value to integer")
    return int(quantity.amount)


def _compare(left: bytes, right: bytes) -> int:
    a, b = _read(left), _read(right)
    return (a > b) - (a < b)


def _sign(packed: bytes) -> int:
    amount = _read(packed).amount
    return (amount > 0) - (amount < 0)


FUNCTIONS: tuple[Function, ...] = (
    function("quantity", QUANTITY, [STRING], lambda text: _pack(parse_quantity(text))),
    function("isQuantity", BOOL, [STRING], _is_quantity),
    method("isInteger", BOOL, [QUANTITY], lambda q: _read(q).is_integer),
    method("asInteger", INT, [QUANTITY], _as_integer),
    method("asApproximateFloat", DOUBLE, [QUANTITY], lambda q: float(_read(q).amount)),
    method("sign", INT, [QUANTITY], _sign),
    Function(
        "add",
        (
            Overload(QUANTITY, [QUANTITY, QUANTITY], lambda a, b: _pack(_read(a).plus(_read(b)))),
            Overload(QUANTITY, [QUANTITY, INT], lambda a, b: _pack(_read(a).plus(b))),
        ),
        member=True,
    ),
    Function(
        "sub",
        (
            Overload(QUANTITY, [QUANTITY, QUANTITY], lambda a, b: _pack(_read(a).minus(_read(b)))),
            Overload(QUANTITY, [QUANTITY, INT], lambda a, b: _pack(_read(a).minus(b))),
        ),
        member=True,
    ),
)

# `compareTo`, `isLessThan` and `isGreaterThan` are shared with semver; see semvers.py
compare = _compare
