"""Services and what stands before and behind them."""

from __future__ import annotations

from typing import Any

from portal.sandbox.objects import Object, dig
from portal.sandbox.printers.common import NONE, Printer, age, columns, joined, name, plain_selector, selector


def _service(obj: Object) -> list[Any]:
    spec = obj.get("spec") or {}
    addresses = spec.get("clusterIPs") or [spec.get("clusterIP")]
    return [
        name(obj),
        spec.get("type", ""),
        addresses[0] or NONE,
        _external(obj, spec),
        ",".join(_port(each) for each in spec.get("ports") or ()) or NONE,
        age(obj),
        plain_selector(spec.get("selector")),
    ]


def _port(each: Object) -> str:
    node = f":{each['nodePort']}" if each.get("nodePort") else ""
    return f"{each['port']}{node}/{each.get('protocol', 'TCP')}"


def _external(obj: Object, spec: Object) -> str:
    given = spec.get("externalIPs") or []
    if spec.get("type") == "ExternalName":
        return str(spec.get("externalName", ""))
    if spec.get("type") == "LoadBalancer":
        found = [
            each.get("ip") or each.get("hostname")
            for each in dig(obj, "status", "loadBalancer", "ingress") or ()
        ]
        return ",".join([*found, *given]) or "<pending>"
    return joined(given)


def _endpoints(obj: Object) -> list[Any]:
    found = [
        f"{address['ip']}:{port['port']}"
        for subset in obj.get("subsets") or ()
        for port in subset.get("ports") or ()
        for address in subset.get("addresses") or ()
    ]
    return [name(obj), _shortened(found), age(obj)]


def _shortened(values: list[str]) -> str:
    more = f" + {len(values) - 3} more..." if len(values) > 3 else ""
    return (",".join(values[:3]) + more) or NONE


def _endpoint_slice(obj: Object) -> list[Any]:
    ports = [str(each.get("port", "*")) for each in obj.get("ports") or ()]
    addresses = [address for each in obj.get("endpoints") or () for address in each.get("addresses") or ()]
    return [
        name(obj),
        obj.get("addressType", ""),
        _shortened(ports) if ports else "<unset>",
        _shortened(addresses) if addresses else "<unset>",
        age(obj),
    ]


def _ingress(obj: Object) -> list[Any]:
    spec = obj.get("spec") or {}
    hosts = [each["host"] for each in spec.get("rules") or () if each.get("host")]
    found = [
        each.get("ip") or each.get("hostname") for each in dig(obj, "status", "loadBalancer", "ingress") or ()
    ]
    return [
        name(obj),
        spec.get("ingressClassName") or NONE,
        _shortened(hosts) if hosts else "*",
        ",".join(found),
        "80, 443" if spec.get("tls") else "80",
        age(obj),
    ]


def _ingress_class(obj: Object) -> list[Any]:
    parameters = dig(obj, "spec", "parameters")
    shown = NONE
    if parameters:
        group = parameters.get("apiGroup")
        shown = f"{parameters['kind']}{f'.{group}' if group else ''}/{parameters['name']}"
    return [name(obj), dig(obj, "spec", "controller") or "", shown, age(obj)]


def _network_policy(obj: Object) -> list[Any]:
    return [name(obj), selector(dig(obj, "spec", "podSelector")), age(obj)]


PRINTERS = {
    ("", "Service"): Printer(
        columns("core.v1.Service", "Type", "Cluster-IP", "External-IP", "Port(s)", "Age",
        wide=("Selector",)), _service),
    ("", "Endpoints"): Printer(columns("core.v1.Endpoints", "Endpoints", "Age"), _endpoints),
    ("discovery.k8s.io", "EndpointSlice"): Printer(
        columns("discovery.v1.EndpointSlice", "AddressType", "Ports", "Endpoints", "Age"), _endpoint_slice),
    ("networking.k8s.io", "Ingress"): Printer(
        columns("networking.v1.Ingress", "Class", "Hosts", "Address", "Ports", "Age"), _ingress),
    ("networking.k8s.io", "IngressClass"): Printer(
        columns("networking.v1.IngressClass", "Controller", "Parameters", "Age"), _ingress_class),
    ("networking.k8s.io", "NetworkPolicy"): Printer(
        columns("networking.v1.NetworkPolicy", "Pod-Selector", "Age"), _network_policy),
}  # fmt: skip
