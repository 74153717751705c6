"""Checks that several kinds share."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from portal.policy.quantities import QuantityError, parse_quantity
from portal.sandbox import names
from portal.sandbox.objects import Object
from portal.sandbox.statuses import (
    FieldError,
    field_invalid,
    field_required,
    field_unsupported,
)

IMMUTABLE = "field is immutable"
NOT_NEGATIVE = "must be greater than or equal to 0"
_PERCENT = re.compile(r"^[0-9]+%$")
_PORT_NAME = re.compile(r"^[-a-z0-9]+$")


def immutable(new: Any, old: Any, path: str) -> list[FieldError]:
    return [] if new == old else [field_invalid(path, new, IMMUTABLE)]


def required(obj: Object, path: str, *fields: str) -> list[FieldError]:
    return [field_required(f"{path}.{each}") for each in fields if not obj.get(each)]


def one_of(value: Any, path: str, supported: Iterable[str]) -> list[FieldError]:
    return [] if value in supported else [field_unsupported(path, value, supported)]


def not_negative(value: Any, path: str) -> list[FieldError]:
    return [field_invalid(path, value, NOT_NEGATIVE)] if value is not None and value < 0 else []


def port(value: Any, path: str) -> list[FieldError]:
    if isinstance(value, int) and 0 < value < 65536:
        return []
    return [field_invalid(path, value, "must be between 1 and 65535, inclusive")]


def port_name(value: str, path: str) -> list[FieldError]:
    """An IANA service name."""
    errors = []
    if len(value) > 15:
        errors.append(field_invalid(path, value, "must be no more than 15 characters"))
    if not _PORT_NAME.match(value):
        errors.append(
            field_invalid(
                path, value, "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"
            )
        )
    elif not re.search("[a-z]", value):
        errors.append(field_invalid(path, value, "must contain at least one letter (a-z)"))
    if "--" in value:
        errors.append(field_invalid(path, value, "must not contain consecutive hyphens"))
    if value.startswith("-") or value.endswith("-"):
        errors.append(field_invalid(path, value, "must not begin or end with a hyphen"))
    return errors


def port_or_name(value: Any, path: str) -> list[FieldError]:
    return port(value, path) if isinstance(value, int) else port_name(value, path)


def amount_or_percent(value: Any, path: str) -> list[FieldError]:
    """A count or a share such as `25%`."""
    if isinstance(value, int):
        return not_negative(value, path)
    if not _PERCENT.match(str(value)):
        rule = (
            "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or "
            "'93%', regex used for validation is '[0-9]+%')"
        )
        return [field_invalid(path, value, rule)]
    return []


def resource_list(amounts: Any, path: str) -> list[FieldError]:
    """Quantities by resource name."""
    errors = []
    for name, amount in (amounts or {}).items():
        try:
            quantity = parse_quantity(str(amount))
        except QuantityError:
            errors.append(field_invalid(f"{path}[{name}]", amount, "must be a quantity"))
            continue
        if quantity.amount < 0:
            errors.append(field_invalid(f"{path}[{name}]", str(amount), NOT_NEGATIVE))
    return errors


def label_selector(selector: Any, path: str) -> list[FieldError]:
    """A LabelSelector's keys, operators and values."""
    selector = selector or {}
    errors = names.check_labels(selector.get("matchLabels"), f"{path}.matchLabels")
    for index, each in enumerate(selector.get("matchExpressions") or ()):
        below = f"{path}.matchExpressions[{index}]"
        operator, values = each.get("operator"), each.get("values")
        if operator in ("In", "NotIn"):
            if not values:
                errors.append(
                    field_required(f"{below}.values", "must be specified when `operator` is 'In' or 'NotIn'")
                )
        elif operator in ("Exists", "DoesNotExist"):
            if values:
                errors.append(
                    FieldError(
                        "FieldValueForbidden",
                        f"{below}.values",
                        "Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
                    )
                )
        else:
            errors.append(field_invalid(f"{below}.operator", operator, "not a valid selector operator"))
        errors += names.check_qualified(each.get("key") or "", f"{below}.key")
    return errors


def selects(selector: Object, labels: Object) -> bool:
    """Whether a LabelSelector matches these labels."""
    if any(labels.get(key) != value for key, value in (selector.get("matchLabels") or {}).items()):
        return False
    for each in selector.get("matchExpressions") or ():
        key, operator, values = each.get("key"), each.get("operator"), each.get("values") or ()
        holds = {
            "In": labels.get(key) in values,
            "NotIn": labels.get(key) not in values,
            "Exists": key in labels,
            "DoesNotExist": key not in labels,
        }.get(operator, False)
        if not holds:
            return False
    return True
