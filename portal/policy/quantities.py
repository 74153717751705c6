"""Kubernetes resource quantities: exact values and canonical spelling (apimachinery, pkg/api/resource)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_UP, Context, Decimal, InvalidOperation
from functools import total_ordering
from typing import Any

FORMAT_ERROR = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
SUFFIX_ERROR = "unable to parse quantity's suffix"
NUMERIC_ERROR = "unable to parse numeric part of quantity"

BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
MAX_INT64 = 2**63 - 1
_SHAPE = re.compile(r"^([+-]?)(\d*)(?:(\.)(\d*))?([eEinumkKMGTP]*[-+]?\d*)$")
_EXPONENT = re.compile(r"^[eE]([+-]?\d+)$")
NANO, MILLI = Decimal("1e-9"), Decimal("1e-3")
# more digits than any quantity that the server accepts; keeps the arithmetic exact
_EXACT = Context(prec=200)


class QuantityError(ValueError):
    """Not a quantity; the text is the API server's."""


@total_ordering
@dataclass(frozen=True, eq=False)
class Quantity:
    """An exact amount and the family of suffixes it was written with ("binary", "decimal" or "exponent")."""

    amount: Decimal
    family: str = "decimal"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Quantity) and self.amount == other.amount

    def __lt__(self, other: Quantity) -> bool:
        return self.amount < other.amount

    def __hash__(self) -> int:
        return hash(self.amount)

    def __str__(self) -> str:
        return _spell(self)

    @property
    def is_integer(self) -> bool:
        """Whether the amount is a whole number that an int64 can hold."""
        return self.amount == self.amount.to_integral_value() and abs(self.amount) <= MAX_INT64

    def plus(self, other: Quantity | int) -> Quantity:
        return Quantity(_EXACT.add(self.amount, _amount(other)), self.family)

    def minus(self, other: Quantity | int) -> Quantity:
        return Quantity(_EXACT.subtract(self.amount, _amount(other)), self.family)


def _amount(value: Quantity | int) -> Decimal:
    return value.amount if isinstance(value, Quantity) else Decimal(value)


def parse_quantity(text: str) -> Quantity:
    """The quantity that `text` spells; raises QuantityError with the API server's words."""
    if not text:
        raise QuantityError(FORMAT_ERROR)
    shape = _SHAPE.match(text)
    if shape is None or not (shape[2] or shape[4]):
        raise QuantityError(FORMAT_ERROR)
    number = f"{shape[1]}{shape[2] or '0'}.{shape[4] or '0'}"
    factor, family = _scale(shape[5])
    try:
        amount = _EXACT.multiply(Decimal(number), factor)
    except InvalidOperation as exc:
        raise QuantityError(NUMERIC_ERROR) from exc
    return Quantity(_round(amount), family)


def _scale(suffix: str) -> tuple[Decimal, str]:
    if suffix in BINARY:
        return Decimal(2 ** BINARY[suffix]), "binary"
    if suffix in DECIMAL:
        return Decimal(10) ** DECIMAL[suffix], "decimal"
    exponent = _EXPONENT.match(suffix)
    if exponent is None or abs(int(exponent[1])) > 100:
        raise QuantityError(SUFFIX_ERROR if suffix[:1] not in "eE" or exponent else FORMAT_ERROR)
    return Decimal(10) ** int(exponent[1]), "exponent"


def _round(amount: Decimal, finest: Decimal = NANO) -> Decimal:
    """Nothing is finer than one nano; the server rounds away from zero."""
    if _EXACT.remainder(amount, finest) == 0:
        return amount
    return amount.quantize(finest, rounding=ROUND_UP, context=_EXACT)


def _spell(quantity: Quantity) -> str:
    amount = quantity.amount
    if amount == 0:
        return "0"
    if quantity.family == "binary" and abs(amount) >= 1024 and amount == amount.to_integral_value():
        return _spell_binary(int(amount))
    return _spell_decimal(amount, quantity.family)


def _spell_binary(amount: int) -> str:
    for suffix, power in reversed(BINARY.items()):
        if amount % 2**power == 0:
            return f"{amount // 2**power}{suffix}"
    return str(amount)


def _spell_decimal(amount: Decimal, family: str) -> str:
    for suffix, power in reversed(DECIMAL.items()):
        mantissa = _EXACT.scaleb(amount, -power)
        if mantissa == mantissa.to_integral_value():
            if family == "exponent":
                suffix = f"e{power}" if power else ""
            return f"{int(mantissa)}{suffix}"
    return str(amount)


def canonical_quantity(value: Any, *, milli: bool = False) -> Any:
    """`value` as the server would write it back ("1000m" is "1"); left alone when it is no quantity.

    `milli`: rounded up to thousandths, as amounts of resources are.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return value
    try:
        quantity = parse_quantity(str(value))
    except QuantityError:
        return value
    return str(Quantity(_round(quantity.amount, MILLI), quantity.family) if milli else quantity)
