"""What a Pod asks for as a whole (KEP-2837), and the quality of service that it gets for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal.policy.quantities import Quantity, QuantityError, parse_quantity
from portal.policy.volume_defaults import mappings

Amounts = dict[str, Quantity]
HUGE = "hugepages-"


def default_pod_requests(spec: dict[str, Any]) -> None:
    """Fill in, in place, the requests of a Pod that sets limits for itself."""
    resources = spec.get("resources")
    if not isinstance(resources, dict) or not isinstance(resources.get("limits"), dict):
        return
    requests = dict(resources.get("requests") or {})
    for name, amount in _together(spec).items():
        if name in ("cpu", "memory"):
            requests.setdefault(name, str(amount))
    for name, limit in resources["limits"].items():
        if name in ("cpu", "memory") or name.startswith(HUGE):
            requests.setdefault(name, limit)
    if requests:
        resources["requests"] = requests


def _together(spec: Mapping[str, Any]) -> Amounts:
    """What all containers ask for when they ask for most: sidecars stay, other init containers end."""
    total: Amounts = {}
    for container in mappings(spec.get("containers")):
        _add(total, _requests(container))
    sidecars: Amounts = {}
    peak: Amounts = {}
    for container in mappings(spec.get("initContainers")):
        wanted = _requests(container)
        if container.get("restartPolicy") == "Always":
            _add(total, wanted)
            _add(sidecars, wanted)
            wanted = dict(sidecars)
        else:
            _add(wanted, sidecars)
        _raise(peak, wanted)
    _raise(total, peak)
    return total


def _requests(container: Mapping[str, Any]) -> Amounts:
    found = (container.get("resources") or {}).get("requests") or {}
    amounts = {}
    for name, amount in found.items():
        try:
            amounts[name] = parse_quantity(str(amount))
        except QuantityError:
            continue
    return amounts


def _add(total: Amounts, more: Amounts) -> None:
    for name, amount in more.items():
        total[name] = total[name].plus(amount) if name in total else amount


def _raise(total: Amounts, other: Amounts) -> None:
    for name, amount in other.items():
        if name not in total or total[name] < amount:
            total[name] = amount


def quality_of_service(spec: Any) -> str:
    """Guaranteed when all limits are set and asked for, BestEffort when nothing is, else Burstable."""
    spec = spec if isinstance(spec, Mapping) else {}
    whole = spec.get("resources")
    parts = [whole] if isinstance(whole, Mapping) and (whole.get("limits") or whole.get("requests")) else []
    if not parts:
        containers = (*mappings(spec.get("initContainers")), *mappings(spec.get("containers")))
        parts = [container.get("resources") or {} for container in containers]
    asked = [_of_service(part, key) for part in parts for key in ("limits", "requests")]
    if not any(asked):
        return "BestEffort"
    pairs = zip(asked[::2], asked[1::2], strict=True)
    guaranteed = all(set(limits) == {"cpu", "memory"} and limits == requests for limits, requests in pairs)
    return "Guaranteed" if guaranteed else "Burstable"


def _of_service(resources: Any, key: str) -> Amounts:
    """The amounts of processor and memory that count, which are those above nought."""
    found = (
        _requests({"resources": {"requests": resources.get(key)}}) if isinstance(resources, Mapping) else {}
    )
    return {name: amount for name, amount in found.items() if name in ("cpu", "memory") and amount.amount > 0}
