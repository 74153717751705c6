"""HTTP routes, answered as a Gateway's controller does for a proxy that is not there.

Source: gateway-api v1, `RouteParentStatus`: one entry for each Gateway that exists, with the conditions
Accepted and ResolvedRefs and their reasons. Of a Gateway that does not exist nobody says anything.
"""

from __future__ import annotations

from portal.sandbox import conditions, owners
from portal.sandbox.controllers.base import Key, key_of
from portal.sandbox.controllers.operator import Operator
from portal.sandbox.objects import Object, dig
from portal.sandbox.store import Event

GROUP = "gateway.networking.k8s.io"
GATEWAY, ROUTE = f"{GROUP}/Gateway", f"{GROUP}/HTTPRoute"
CONTROLLER = "sandbox.slipway.dev/gateway"
Answer = tuple[bool, str, str]


class RouteOperator(Operator):
    name = "gateway-controller"
    kind = ROUTE
    also = (GATEWAY, "Namespace", "Service")

    def concerned(self, event: Event) -> list[Key]:
        """A Service concerns the routes of its namespace, a namespace those in it, a Gateway all."""
        if event.resource.kind == "Gateway":
            return super().concerned(event)
        name = event.object["metadata"]["name"]
        namespace = event.object["metadata"].get("namespace", name)
        return [key_of(route) for route in self.all(ROUTE) if route["metadata"]["namespace"] == namespace]

    def reconcile(self, key: Key) -> float | None:
        route = self.found(ROUTE, key)
        if route is None or route["metadata"].get("deletionTimestamp"):
            return None
        known = dig(route, "status", "parents") or []
        parents = [
            self._entry(route, parent, gateway, known)
            for parent in route["spec"].get("parentRefs") or ()
            if (gateway := self._gateway(route, parent)) is not None
        ]
        if parents != known:
            self.client.update_status(ROUTE, {**route, "status": {"parents": parents}})
        return None

    def _gateway(self, route: Object, parent: Object) -> Object | None:
        if parent.get("kind", "Gateway") != "Gateway":
            return None
        namespace = parent.get("namespace") or route["metadata"]["namespace"]
        return self.found(GATEWAY, (namespace, parent["name"]))

    def _entry(self, route: Object, parent: Object, gateway: Object, known: list[Object]) -> Object:
        mine = (each["conditions"] for each in known if each["parentRef"] == parent)
        before: list[Object] = next(mine, [])
        generation = route["metadata"].get("generation", 1)
        for kind, (holds, reason, message) in (
            ("Accepted", self._accepted(route, parent, gateway)),
            ("ResolvedRefs", self._resolved(route)),
        ):
            before = conditions.put(before, kind, "True" if holds else "False", reason, message)
        entries = [{**each, "observedGeneration": generation} for each in before]
        return {"parentRef": parent, "controllerName": CONTROLLER, "conditions": entries}

    def _accepted(self, route: Object, parent: Object, gateway: Object) -> Answer:
        section = parent.get("sectionName")
        listeners = [
            each for each in gateway["spec"]["listeners"] if section is None or each["name"] == section
        ]
        if not listeners:
            return False, "NoMatchingParent", f"There is no listener {section}"
        allowing = [each for each in listeners if self._allows(each, route, gateway)]
        if not allowing:
            message = "No listener lets routes of this namespace attach"
            return False, "NotAllowedByListeners", message
        hosts = route["spec"].get("hostnames") or []
        if not any(_serves(each.get("hostname", ""), hosts) for each in allowing):
            return False, "NoMatchingListenerHostname", "No listener serves any of the hostnames"
        return True, "Accepted", "Route is accepted"

    def _allows(self, listener: Object, route: Object, gateway: Object) -> bool:
        allowed = dig(listener, "allowedRoutes", "namespaces") or {}
        origin, own = allowed.get("from", "Same"), route["metadata"]["namespace"]
        if origin == "Selector":
            namespace = self.client.get("Namespace", "", own) or {"metadata": {}}
            return owners.selects(allowed.get("selector"), namespace["metadata"].get("labels"))
        return bool(origin == "All" or (origin == "Same" and own == gateway["metadata"]["namespace"]))

    def _resolved(self, route: Object) -> Answer:
        for rule in route["spec"].get("rules") or ():
            for backend in rule.get("backendRefs") or ():
                namespace = backend.get("namespace") or route["metadata"]["namespace"]
                if backend.get("kind", "Service") != "Service":
                    return False, "InvalidKind", f"{backend['kind']} is not a kind of backend here"
                if self.client.get("Service", namespace, backend["name"]) is None:
                    message = f'Service "{backend["name"]}" not found'
                    return False, "BackendNotFound", message
        return True, "ResolvedRefs", "All references are resolved"


def _serves(listener: str, hosts: list[str]) -> bool:
    """Whether a listener's hostname covers one of the route's; without hostnames on a side all do."""
    if not listener or not hosts:
        return True
    if listener.startswith("*."):
        return any(host.endswith(listener[1:]) for host in hosts)
    return listener in hosts
