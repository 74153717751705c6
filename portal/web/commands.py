"""What a page of an instance does, said for a terminal: kubectl, helm and the API."""

from __future__ import annotations

from dataclasses import dataclass
from shlex import quote
from urllib.parse import urlencode

from portal.lifecycle.models import ServiceInstance

LABEL = "app.kubernetes.io/instance"
# what the API calls each tab
PATHS = {
    "overview": ("", "connections/"),
    "objects": ("topology/", "manifests/"),
    "pods": ("pods/",),
    "events": ("events/",),
    "releases": ("releases/",),
    "drift": ("drift/",),
    "policy": (),
    "timeline": (),
}

EVENTS = "get events --sort-by .lastTimestamp"
OF_NAMESPACE = {
    "overview": "describe namespace {namespace}",
    "objects": "get resourcequota,limitrange,networkpolicy,rolebinding",
    "events": EVENTS,
}
OF_SERVICE = {
    "overview": "get all {selector}",
    "objects": "get all,ingress,configmap,secret,networkpolicy {selector}",
    "pods": "get pods {selector}",
    "events": EVENTS,
}


@dataclass(frozen=True)
class Command:
    about: str
    text: str


def of_tab(instance: ServiceInstance, tab: str, api: str) -> list[Command]:
    """`api` is the address of the API's root. Names are those of the cluster, so they need no quoting."""
    found = [
        *(Command("API", curl(f"{api}instances/{instance.pk}/{path}")) for path in PATHS[tab]),
        *(Command("API", curl(f"{api}{path}")) for path in _elsewhere(instance, tab)),
    ]
    return [*found, *_kubectl(instance, tab), *_helm(instance, tab)]


def of_log(instance: ServiceInstance, pod: str, container: str, api: str, *, previous: bool) -> list[Command]:
    """`pod` and `container` may be whatever an address says: they are quoted."""
    asked = {"pod": pod, "container": container, **({"previous": "true"} if previous else {})}
    which = f"logs {quote(pod)}{f' --container {quote(container)}' if container else ''} --tail 200"
    command = f"kubectl --namespace {instance.namespace} {which} {'--previous' if previous else '--follow'}"
    address = f"{api}instances/{instance.pk}/logs/?{urlencode(asked)}"
    return [Command("API", curl(address)), Command("kubectl", command)]


def curl(address: str) -> str:
    return f'curl -H "Authorization: Token $SLIPWAY_TOKEN" "{address}"'


def _elsewhere(instance: ServiceInstance, tab: str) -> list[str]:
    if tab == "policy":
        return ["policies/"]
    if tab == "timeline":
        return [f"audit/?object_type=ServiceInstance&object_id={instance.pk}", "changes/"]
    return []


def _kubectl(instance: ServiceInstance, tab: str) -> list[Command]:
    said = OF_NAMESPACE if instance.is_namespace else OF_SERVICE
    if tab not in said:
        return []
    which = said[tab].format(namespace=instance.namespace, selector=f"--selector {LABEL}={instance.name}")
    return [Command("kubectl", f"kubectl --namespace {instance.namespace} {which}")]


def _helm(instance: ServiceInstance, tab: str) -> list[Command]:
    words = {"overview": ("get values",), "objects": ("get manifest",), "releases": ("history", "get values")}
    target = instance.target
    return [
        Command("helm", f"helm --namespace {target.namespace} {word} {target.release}")
        for word in words.get(tab, ())
        if instance.current_release_id is not None
    ]
