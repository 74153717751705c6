"""ResourceQuota: what a request would add is weighed against what is stored at that very moment."""

from __future__ import annotations

from collections.abc import Iterable

from portal.sandbox import amounts, pods, statuses, usage
from portal.sandbox.admission.base import Plugin
from portal.sandbox.amounts import Amounts
from portal.sandbox.contexts import Attributes
from portal.sandbox.objects import Object
from portal.sandbox.resources import Resource, Resources
from portal.sandbox.store import Store

# what every container must state once a quota limits it
_COMPUTE = ("cpu", "memory")


class ResourceQuotaAdmission(Plugin):
    def __init__(self, store: Store, resources: Resources) -> None:
        self._store = store
        self._resources = resources
        self._quotas = resources.require("", "ResourceQuota")

    def validate(self, attrs: Attributes) -> None:
        if attrs.object is None or attrs.subresource or attrs.operation not in ("CREATE", "UPDATE"):
            return
        if not attrs.namespace or not attrs.resource.is_stored:
            return
        for quota in self._store.list(self._quotas, attrs.namespace):
            self._check(quota, attrs)

    def _check(self, quota: Object, attrs: Attributes) -> None:
        hard = amounts.parse_all(quota["spec"].get("hard"))
        obj = attrs.object
        if obj is None or not usage.matches_scopes(quota, attrs.resource, obj):
            return
        added = _relevant(attrs.resource, obj, hard)
        if not added and not _is_pod(attrs.resource):
            return
        name = quota["metadata"]["name"]
        if attrs.operation == "CREATE" and _is_pod(attrs.resource):
            missing = _unstated(obj, hard)
            if missing:
                why = f"failed quota: {name}: must specify {missing}"
                raise statuses.forbidden(attrs.resource, attrs.name, why)
        if attrs.old_object is not None and usage.matches_scopes(quota, attrs.resource, attrs.old_object):
            before = _relevant(attrs.resource, attrs.old_object, hard)
            added = {key: amount.minus(before.get(key, amounts.ZERO)) for key, amount in added.items()}
        added = {key: amount for key, amount in added.items() if amount.amount > 0}
        if not added:
            return
        used = usage.in_namespace(self._store, [self._resources.stored(attrs.resource)], quota)
        exceeded = [key for key in added if hard[key] < amounts.plus(used[key], added[key])]
        if exceeded:
            why = (
                f"exceeded quota: {name}, requested: {_listed(exceeded, added)}, "
                f"used: {_listed(exceeded, used)}, limited: {_listed(exceeded, hard)}"
            )
            raise statuses.forbidden(attrs.resource, attrs.name, why)


def _is_pod(resource: Resource) -> bool:
    return (resource.group, resource.plural) == ("", "pods")


def _relevant(resource: Resource, obj: Object, hard: Amounts) -> Amounts:
    return {name: amount for name, amount in usage.of(resource, obj).items() if name in hard}


def _unstated(pod: Object, hard: Amounts) -> str:
    """`requests.cpu for: a,b; …`: limited compute resources that containers do not state."""
    found = []
    for name in sorted(hard):
        which, dot, resource = name.partition(".")
        if not dot:
            which, resource = "requests", name
        if which not in ("requests", "limits") or resource not in _COMPUTE:
            continue
        silent = [
            container["name"]
            for container in pods.containers(pod["spec"], ephemeral=False)
            if resource not in ((container.get("resources") or {}).get(which) or {})
        ]
        if silent:
            found.append(f"{name} for: {','.join(sorted(silent))}")
    return "; ".join(found)


def _listed(names: Iterable[str], values: Amounts) -> str:
    return ",".join(f"{name}={values[name]}" for name in sorted(names))
