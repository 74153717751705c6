"""How much of a namespace's quota an instance takes, and all of its instances together, as sealed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from portal.lifecycle.models import Application, ServiceInstance
from portal.lifecycle.operations import quota
from portal.lifecycle.selectors import instances
from services_catalog.models import Role


@dataclass(frozen=True)
class Share:
    """One resource, as Kubernetes quantities; the percentages are of the limit, at most 100 each."""

    resource: str
    own: str
    used: str
    hard: str
    own_percent: int
    used_percent: int

    @property
    def word(self) -> str:
        return WORDS.get(self.resource, self.resource)


WORDS = {
    "requests.cpu": "CPU, requested",
    "requests.memory": "Memory, requested",
    "limits.cpu": "CPU, at most",
    "limits.memory": "Memory, at most",
    "pods": "Pods",
    "persistentvolumeclaims": "Volumes",
    "requests.storage": "Storage",
}


def of_instance(instance: ServiceInstance) -> list[Share]:
    """Of what its namespace is limited in; [] where there is no namespace or no quota. Two queries."""
    release = instances.namespace_release(instance.application, instance.environment)
    if release is None:
        return []
    usages = instances.usages_in_namespace(instance.application, instance.environment, but=None)
    own = instance.current_release.usage if instance.current_release and not instance.is_namespace else {}
    return _shares(quota.hard_limits(release.objects_masked), usages, own)


def by_environment(application: Application) -> dict[int, list[Share]]:
    """Of each namespace of an application, by environment. Two queries."""
    alive = ServiceInstance.objects.alive().filter(application=application).exclude(current_release=None)
    rows = alive.order_by().values_list("environment", "offering__role", "current_release__usage")
    usages: dict[int, list[Mapping[str, str]]] = {}
    for environment, role, usage in rows:
        if role == Role.SERVICE:
            usages.setdefault(environment, []).append(usage)
    namespaces = alive.filter(offering__role=Role.NAMESPACE).order_by()
    return {
        environment: _shares(quota.hard_limits(documents), usages.get(environment, ()), {})
        for environment, documents in namespaces.values_list("environment", "current_release__objects_masked")
    }


def _shares(
    hard: Mapping[str, Decimal], usages: Iterable[Mapping[str, str]], own: Mapping[str, str]
) -> list[Share]:
    used, mine = quota.total(quota.from_json(usage) for usage in usages), quota.from_json(own)
    return [
        Share(
            resource,
            quota.show(mine[resource], resource),
            quota.show(used[resource], resource),
            quota.show(hard[resource], resource),
            _percent(mine[resource], hard[resource]),
            _percent(used[resource], hard[resource]),
        )
        for resource in quota.RESOURCES
        if resource in hard
    ]


def _percent(part: Decimal, whole: Decimal) -> int:
    return min(100, round(100 * part / whole)) if whole else 100 * bool(part)
