"""LimitRanger: defaults for containers without requests or limits, and bounds for all."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from portal.sandbox import amounts, pods, statuses
from portal.sandbox.admission.base import Plugin, is_plain, is_pod_creation
from portal.sandbox.amounts import Amounts
from portal.sandbox.contexts import Attributes
from portal.sandbox.objects import Object
from portal.sandbox.resources import Resources
from portal.sandbox.store import Store

ANNOTATION = "kubernetes.io/limit-ranger"


class LimitRanger(Plugin):
    def __init__(self, store: Store, resources: Resources) -> None:
        self._store = store
        self._ranges = resources.require("", "LimitRange")

    def mutate(self, attrs: Attributes) -> None:
        if not is_pod_creation(attrs) or attrs.object is None:
            return
        for limit_range in self._store.list(self._ranges, attrs.namespace):
            _fill(attrs.object, _defaults(limit_range))

    def validate(self, attrs: Attributes) -> None:
        if attrs.object is None:
            return
        if is_pod_creation(attrs):
            check: Callable[[Object, Object], Iterator[str]] = _pod_problems
        elif attrs.operation in ("CREATE", "UPDATE") and is_plain(attrs, "", "persistentvolumeclaims"):
            check = _claim_problems
        else:
            return
        for limit_range in self._store.list(self._ranges, attrs.namespace):
            problems = [
                problem
                for item in limit_range["spec"].get("limits") or ()
                for problem in check(item, attrs.object)
            ]
            if problems:
                why = problems[0] if len(problems) == 1 else f"[{', '.join(problems)}]"
                raise statuses.forbidden(attrs.resource, attrs.name, why)


def _defaults(limit_range: Object) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {"requests": {}, "limits": {}}
    for item in limit_range["spec"].get("limits") or ():
        if item["type"] == "Container":
            found["requests"].update(item.get("defaultRequest") or {})
            found["limits"].update(item.get("default") or {})
    return found


def _fill(pod: Object, defaults: dict[str, dict[str, str]]) -> None:
    said = []
    for field, title in (("containers", "container"), ("initContainers", "init container")):
        for container in pod["spec"].get(field) or ():
            resources = container.setdefault("resources", {})
            for which in ("requests", "limits"):
                missing = {
                    name: amount
                    for name, amount in defaults[which].items()
                    if name not in (resources.get(which) or {})
                }
                if missing:
                    resources[which] = {**(resources.get(which) or {}), **missing}
                    said.append(f"{', '.join(sorted(missing))} {which[:-1]} for {title} {container['name']}")
    if said:
        annotations = pod["metadata"].get("annotations") or {}
        pod["metadata"]["annotations"] = {
            **annotations,
            ANNOTATION: f"LimitRanger plugin set: {'; '.join(said)}",
        }


def _pod_problems(item: Object, pod: Object) -> Iterator[str]:
    if item["type"] == "Container":
        for container in pods.containers(pod["spec"], ephemeral=False):
            resources = container.get("resources") or {}
            requests, limits = (amounts.parse_all(resources.get(field)) for field in ("requests", "limits"))
            yield from _bounds(item, requests, limits)
    elif item["type"] == "Pod":
        requests, limits = (pods.resources_of(pod["spec"], field) for field in ("requests", "limits"))
        yield from _bounds(item, requests, limits)


def _claim_problems(item: Object, claim: Object) -> Iterator[str]:
    if item["type"] == "PersistentVolumeClaim":
        requests = amounts.parse_all((claim["spec"].get("resources") or {}).get("requests"))
        yield from _bounds({**item, "max": {}}, requests, {})
        for name, most in amounts.parse_all(item.get("max")).items():
            if name in requests and most < requests[name]:
                yield f"maximum {name} usage per {item['type']} is {most}, but request is {requests[name]}"


def _bounds(item: Object, requests: Amounts, limits: Amounts) -> Iterator[str]:
    for name, least in sorted(amounts.parse_all(item.get("min")).items()):
        start = f"minimum {name} usage per {item['type']} is {least}"
        if name not in requests:
            yield f"{start}.  No request is specified"
        elif requests[name] < least:
            yield f"{start}, but request is {requests[name]}"
        elif name in limits and limits[name] < least:
            yield f"{start}, but limit is {limits[name]}"
    for name, most in sorted(amounts.parse_all(item.get("max")).items()):
        start = f"maximum {name} usage per {item['type']} is {most}"
        if name not in limits:
            yield f"{start}.  No limit is specified"
        elif most < limits[name]:
            yield f"{start}, but limit is {limits[name]}"
        elif name in requests and most < requests[name]:
            yield f"{start}, but request is {requests[name]}"
    for name, ratio in sorted(amounts.parse_all(item.get("maxLimitRequestRatio")).items()):
        start = f"{name} max limit to request ratio per {item['type']} is {ratio}"
        if name not in requests or not requests[name].amount:
            yield f"{start}, but no request is specified or request is 0"
        elif name not in limits or not limits[name].amount:
            yield f"{start}, but no limit is specified or limit is 0"
        elif limits[name].amount / requests[name].amount > ratio.amount:
            yield f"{start}, but provided ratio is {float(limits[name].amount / requests[name].amount):f}"
