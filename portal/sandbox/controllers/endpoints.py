"""EndpointSlices: the addresses of the ready pods that a Service selects."""

from __future__ import annotations

from portal.sandbox import owners, pods
from portal.sandbox.controllers.base import Controller, Key, key_of
from portal.sandbox.objects import Object
from portal.sandbox.store import Event

SLICE = "discovery.k8s.io/EndpointSlice"
SERVICE_NAME = "kubernetes.io/service-name"
MANAGED_BY = "endpointslice.kubernetes.io/managed-by"


class EndpointSliceController(Controller):
    name = "endpointslice-controller"

    def watch(self) -> None:
        self.on_self("Service")
        self.on("Pod", self._selecting)

    def _selecting(self, event: Event) -> list[Key]:
        labels = [
            each["metadata"].get("labels") or {}
            for each in (event.object, event.previous)
            if each is not None
        ]
        return [
            key_of(service)
            for service in self.client.list("Service", event.object["metadata"]["namespace"])
            if service["spec"].get("selector")
            and any(service["spec"]["selector"].items() <= each.items() for each in labels)
        ]

    def reconcile(self, key: Key) -> float | None:
        service = self.client.get("Service", *key)
        if service is None or service["metadata"].get("deletionTimestamp"):
            return None
        self._publish_address(service)
        if not service["spec"].get("selector") or service["spec"].get("type") == "ExternalName":
            return None
        selected = [
            pod
            for pod in self.client.list("Pod", key[0])
            if service["spec"]["selector"].items() <= (pod["metadata"].get("labels") or {}).items()
            and (pod.get("status") or {}).get("podIP")
            and not pods.is_terminal(pod)
        ]
        wanted = _slice(service, sorted(selected, key=lambda pod: pod["metadata"]["name"]))
        current = next(
            (each for each in self.client.list(SLICE, key[0]) if owners.is_controlled_by(each, service)),
            None,
        )
        if current is None:
            self.client.create(SLICE, wanted)
        elif any(current.get(field) != wanted[field] for field in ("endpoints", "ports")):
            self.client.update(SLICE, {**current, "endpoints": wanted["endpoints"], "ports": wanted["ports"]})
        return None

    def _publish_address(self, service: Object) -> None:
        """A LoadBalancer gets an address from the documentation range (RFC 5737): nothing listens there."""
        status = service.get("status") or {}
        if service["spec"].get("type") != "LoadBalancer" or (status.get("loadBalancer") or {}).get("ingress"):
            return
        last = service["spec"].get("clusterIP", "0.0.0.1").rpartition(".")[2]
        ingress = [{"ip": f"192.0.2.{last}", "ipMode": "VIP"}]
        self.client.update_status(
            "Service", {**service, "status": {**status, "loadBalancer": {"ingress": ingress}}}
        )


def _slice(service: Object, selected: list[Object]) -> Object:
    metadata = service["metadata"]
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "generateName": f"{metadata['name']}-",
            "namespace": metadata["namespace"],
            "labels": {
                **(metadata.get("labels") or {}),
                SERVICE_NAME: metadata["name"],
                MANAGED_BY: "endpointslice-controller.k8s.io",
            },
            "ownerReferences": [owners.reference_to(service)],
        },
        "addressType": "IPv4",
        "endpoints": [_endpoint(pod) for pod in selected],
        "ports": _ports(service, selected),
    }


def _endpoint(pod: Object) -> Object:
    ready, leaving = pods.is_ready(pod), bool(pod["metadata"].get("deletionTimestamp"))
    return {
        "addresses": [pod["status"]["podIP"]],
        "conditions": {"ready": ready and not leaving, "serving": ready, "terminating": leaving},
        "nodeName": pod["spec"].get("nodeName"),
        "targetRef": {
            "kind": "Pod",
            "namespace": pod["metadata"]["namespace"],
            "name": pod["metadata"]["name"],
            "uid": pod["metadata"]["uid"],
        },
    }


def _ports(service: Object, selected: list[Object]) -> list[Object]:
    return [
        {"name": port.get("name", ""), "protocol": port.get("protocol", "TCP"), "port": number}
        for port in service["spec"].get("ports") or ()
        if (number := _target(port, selected)) is not None
    ]


def _target(port: Object, selected: list[Object]) -> int | None:
    target = port.get("targetPort", port["port"])
    if isinstance(target, int):
        return target
    for pod in selected:
        for container in pods.containers(pod["spec"]):
            for offered in container.get("ports") or ():
                if offered.get("name") == target:
                    number: int = offered["containerPort"]
                    return number
    return None
