"""Services get their cluster IP and node ports when they are made, as from the API server's allocators."""

from __future__ import annotations

import random

from portal.sandbox import statuses
from portal.sandbox.admission.base import Plugin, is_plain
from portal.sandbox.contexts import Attributes
from portal.sandbox.objects import Object
from portal.sandbox.resources import Resources
from portal.sandbox.store import Store

# 10.250.0.0/16 without its first address (the `kubernetes` Service) and the network's own
_FIRST, _LAST = 2, 65_534
_NODE_PORTS = range(30_000, 32_768)


class ServiceAddresses(Plugin):
    def __init__(self, store: Store, resources: Resources) -> None:
        self._store = store
        self._services = resources.require("", "Service")

    def mutate(self, attrs: Attributes) -> None:
        if (
            attrs.operation not in ("CREATE", "UPDATE")
            or not is_plain(attrs, "", "services")
            or attrs.object is None
        ):
            return
        spec = attrs.object["spec"]
        before = (attrs.old_object or {}).get("spec") or {}
        kind = spec.get("type", "ClusterIP")
        if kind == "ExternalName":
            return
        if not spec.get("clusterIP"):
            spec["clusterIP"] = before.get("clusterIP") or self._free_address()
        elif attrs.operation == "CREATE" and spec["clusterIP"] != "None":
            self._check_free(attrs, spec["clusterIP"])
        spec.setdefault("clusterIPs", [spec["clusterIP"]])
        spec.setdefault("ipFamilies", ["IPv4"])
        spec.setdefault("ipFamilyPolicy", "SingleStack")
        if kind in ("NodePort", "LoadBalancer") and spec.get("allocateLoadBalancerNodePorts") is not False:
            self._give_ports(spec, before)

    def _give_ports(self, spec: Object, before: Object) -> None:
        former = {
            (port.get("name"), port["port"]): port.get("nodePort") for port in before.get("ports") or ()
        }
        taken = {
            port["nodePort"]
            for service in self._store.list(self._services)
            for port in service["spec"].get("ports") or ()
            if port.get("nodePort")
        }
        for port in spec.get("ports") or ():
            if not port.get("nodePort"):
                number = former.get((port.get("name"), port["port"]))
                port["nodePort"] = number or next(each for each in _NODE_PORTS if each not in taken)
                taken.add(port["nodePort"])

    def _taken(self) -> set[str]:
        return {service["spec"].get("clusterIP", "") for service in self._store.list(self._services)}

    def _free_address(self) -> str:
        taken = self._taken()
        while True:
            number = random.randint(_FIRST, _LAST)  # noqa: S311 an address, not a secret
            address = f"10.250.{number // 256}.{number % 256}"
            if address not in taken:
                return address

    def _check_free(self, attrs: Attributes, address: str) -> None:
        if address in self._taken():
            detail = "failed to allocate IP: provided IP is already allocated"
            error = statuses.field_invalid("spec.clusterIPs", [address], detail)
            raise statuses.invalid_object(attrs.resource, attrs.name, [error])
