"""Named quantities (cpu, memory, pods …): read, added, compared and printed as the API server does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from portal.policy.quantities import Quantity, QuantityError, parse_quantity

Amounts = dict[str, Quantity]
ZERO = Quantity(Decimal(0))

__all__ = ["ZERO", "Amounts", "Quantity", "QuantityError", "add", "canonical", "count", "maximum", "parse",
           "parse_all", "plus", "print_all", "total"]  # fmt: skip


def parse(value: object) -> Quantity:
    """The quantity that a JSON string or number spells; raises QuantityError."""
    return parse_quantity(str(value).strip())


def canonical(value: object) -> str:
    """As stored: `0.5` is `500m`, `1024Mi` is `1Gi`."""
    return str(parse(value))


def count(number: int) -> Quantity:
    return Quantity(Decimal(number))


def parse_all(amounts: Mapping[str, object] | None) -> Amounts:
    return {name: parse(amount) for name, amount in (amounts or {}).items()}


def print_all(amounts: Mapping[str, Quantity]) -> dict[str, str]:
    return {name: str(amount) for name, amount in sorted(amounts.items())}


def plus(left: Quantity, right: Quantity) -> Quantity:
    """A sum in the spelling of its first operand that is not nought."""
    return left.plus(right) if left.amount else right


def add(left: Mapping[str, Quantity], right: Mapping[str, Quantity]) -> Amounts:
    result = dict(left)
    for name, amount in right.items():
        result[name] = plus(result[name], amount) if name in result else amount
    return result


def total(parts: Iterable[Mapping[str, Quantity]]) -> Amounts:
    result: Amounts = {}
    for part in parts:
        result = add(result, part)
    return result


def maximum(left: Mapping[str, Quantity], right: Mapping[str, Quantity]) -> Amounts:
    result = dict(left)
    for name, amount in right.items():
        if name not in result or result[name] < amount:
            result[name] = amount
    return result
