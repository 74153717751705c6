"""How much of a namespace's quota a release needs: an estimate from sealed objects, shown before asking."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from portal.policy.quantities import parse_quantity

RESOURCES = (
    "requests.cpu",
    "requests.memory",
    "limits.cpu",
    "limits.memory",
    "pods",
    "persistentvolumeclaims",
    "requests.storage",
)
AUTOSCALER = "HorizontalPodAutoscaler"
WORKLOADS = {"Deployment", "StatefulSet", "ReplicaSet", "Job"}


@dataclass(frozen=True)
class QuotaLine:
    """One resource: used now, after the change, and the hard limit, as Kubernetes quantities."""

    resource: str
    used: str
    after: str
    hard: str
    exceeded: bool


Usage = dict[str, Decimal]


def to_json(usage: Usage) -> dict[str, str]:
    return {resource: str(amount) for resource, amount in usage.items() if amount}


def from_json(stored: Mapping[str, str]) -> Usage:
    return {resource: Decimal(stored.get(resource, "0")) for resource in RESOURCES}


def total(usages: Iterable[Usage]) -> Usage:
    """The sum, resource by resource."""
    result = from_json({})
    for usage in usages:
        for resource, amount in usage.items():
            result[resource] += amount
    return result


def usage_of(documents: Iterable[Mapping[str, Any]]) -> Usage:
    """What the pods and claims of these documents would count against a quota, at their fewest replicas."""
    documents = list(documents)
    floors = _autoscaled(documents)
    total: Usage = dict.fromkeys(RESOURCES, Decimal(0))
    for document in documents:
        kind, spec = document.get("kind"), document.get("spec") or {}
        if kind in WORKLOADS:
            declared = spec.get("parallelism", 1) if kind == "Job" else spec.get("replicas", 1)
            count = Decimal(floors.get((kind, document["metadata"]["name"]), declared))
            _add_pods(total, (spec.get("template") or {}).get("spec") or {}, count)
            for claim in spec.get("volumeClaimTemplates") or []:
                _add_claim(total, claim, count)
        elif kind == "Pod":
            _add_pods(total, spec, Decimal(1))
        elif kind == "PersistentVolumeClaim":
            _add_claim(total, document, Decimal(1))
    return total


def _autoscaled(documents: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], int]:
    """The replicas that an autoscaler keeps at the least, by the kind and name of what it scales."""
    scalers = [document.get("spec") or {} for document in documents if document.get("kind") == AUTOSCALER]
    return {
        (spec["scaleTargetRef"]["kind"], spec["scaleTargetRef"]["name"]): spec.get("minReplicas", 1)
        for spec in scalers
        if spec.get("scaleTargetRef")
    }


def _add_pods(total: Usage, pod: Mapping[str, Any], count: Decimal) -> None:
    total["pods"] += count
    for bound in ("requests", "limits"):
        for resource in ("cpu", "memory"):
            containers = sum((_of(c, bound, resource) for c in pod.get("containers") or []), Decimal(0))
            initial = max(
                (_of(c, bound, resource) for c in pod.get("initContainers") or []), default=Decimal(0)
            )
            total[f"{bound}.{resource}"] += count * max(containers, initial)


def _of(container: Mapping[str, Any], bound: str, resource: str) -> Decimal:
    value = ((container.get("resources") or {}).get(bound) or {}).get(resource)
    return parse_quantity(str(value)).amount if value is not None else Decimal(0)


def _add_claim(total: Usage, claim: Mapping[str, Any], count: Decimal) -> None:
    storage = (((claim.get("spec") or {}).get("resources") or {}).get("requests") or {}).get("storage", "0")
    total["persistentvolumeclaims"] += count
    total["requests.storage"] += count * parse_quantity(str(storage)).amount


def hard_limits(namespace_documents: Iterable[Mapping[str, Any]]) -> dict[str, Decimal]:
    """The strictest hard limit for each resource over the ResourceQuotas among these documents."""
    hard: dict[str, Decimal] = {}
    for document in namespace_documents:
        if document.get("kind") == "ResourceQuota":
            for resource, value in ((document.get("spec") or {}).get("hard") or {}).items():
                name = {"cpu": "requests.cpu", "memory": "requests.memory"}.get(resource, resource)
                limit = parse_quantity(str(value)).amount
                hard[name] = min(limit, hard.get(name, limit))
    return hard


def lines(*, others: Usage, before: Usage, after: Usage, hard: Mapping[str, Decimal]) -> list[QuotaLine]:
    """One line for each limited resource. `exceeded` only where this change adds to what is too much."""
    result = []
    for resource in RESOURCES:
        if resource not in hard:
            continue
        used, then = others[resource] + before[resource], others[resource] + after[resource]
        result.append(
            QuotaLine(
                resource,
                show(used, resource),
                show(then, resource),
                show(hard[resource], resource),
                exceeded=then > hard[resource] and after[resource] > before[resource],
            )
        )
    return result


def show(value: Decimal, resource: str) -> str:
    """A quantity as people write it: cpu in cores, memory and storage in Mi or Gi, counts plain."""
    if resource.endswith(("memory", "storage")):
        mebibytes = value / 1024**2
        return f"{_plain(mebibytes / 1024)}Gi" if mebibytes >= 1024 else f"{_plain(mebibytes)}Mi"
    return _plain(value)


def _plain(value: Decimal) -> str:
    return f"{value.quantize(Decimal('0.01')).normalize():f}"
