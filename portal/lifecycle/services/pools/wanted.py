"""Limits as people give them: every resource known, every quantity readable, none below what is claimed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal.core.errors import ValidationFailed
from portal.lifecycle.models import QuotaPool
from portal.lifecycle.operations.pool_room import RESOURCES
from portal.lifecycle.operations.pool_simulation import Simulation, simulate
from portal.policy.quantities import QuantityError, parse_quantity

WHOLE = {"pods", "persistentvolumeclaims", "requests.nvidia.com/gpu"}
LONGEST = 30
Errors = list[dict[str, str]]


def read(limits: Any) -> dict[str, str]:
    """The limits that are given, without those left empty. Raises ValidationFailed with every error."""
    if not isinstance(limits, Mapping):
        raise ValidationFailed.at("/limits", 'Give limits by resource, such as {"pods": "100"}.')
    errors: Errors = []
    found: dict[str, str] = {}
    for resource, given in limits.items():
        quantity = str(given).strip() if given is not None else ""
        if resource not in RESOURCES:
            errors.append(error(str(resource)[:100], f"Must be one of {', '.join(RESOURCES)}.", "unknown"))
        elif quantity:
            found[resource] = _checked(resource, quantity, errors)
    if errors:
        raise ValidationFailed(errors)
    return {resource: found[resource] for resource in RESOURCES if resource in found}


def _checked(resource: str, quantity: str, errors: Errors) -> str:
    try:
        parsed = parse_quantity(quantity) if len(quantity) <= LONGEST else None
    except QuantityError:
        parsed = None
    if parsed is None or parsed.amount < 0:
        errors.append(error(resource, "Give a quantity as Kubernetes has it, such as 20, 500m or 64Gi."))
    elif resource in WHOLE and not parsed.is_integer:
        errors.append(error(resource, "Give a whole number: these are counted."))
    return quantity


def check(pool: QuotaPool, limits: Mapping[str, str]) -> Simulation:
    """What they would come to. Raises ValidationFailed where something claims more already, naming it."""
    found = simulate(pool, limits)
    if found.problems:
        raise ValidationFailed([error(each.resource, each.problem, "claimed") for each in found.problems])
    if not found.changes:
        raise ValidationFailed.at("/limits", "These are the limits that it has. Change one.", "unchanged")
    return found


def error(resource: str, message: str, code: str = "invalid") -> dict[str, str]:
    return {
        "path": "/limits/" + resource.replace("~", "~0").replace("/", "~1"),
        "message": message,
        "code": code,
    }
