"""Services, Ingresses, NetworkPolicies and EndpointSlices."""

from __future__ import annotations

from portal.sandbox import names
from portal.sandbox.objects import Object
from portal.sandbox.statuses import (
    FieldError,
    field_duplicate,
    field_forbidden,
    field_invalid,
    field_required,
)
from portal.sandbox.validation.common import label_selector, one_of, port, port_name, port_or_name

_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
_PROTOCOLS = ("SCTP", "TCP", "UDP")


def _service(obj: Object) -> list[FieldError]:
    spec = obj.get("spec") or {}
    kind = spec.get("type", "ClusterIP")
    headless = spec.get("clusterIP") == "None"
    errors = one_of(kind, "spec.type", _TYPES)
    ports = spec.get("ports") or []
    if not ports and not headless and kind != "ExternalName":
        errors.append(field_required("spec.ports"))
    if kind == "LoadBalancer" and headless:
        errors.append(
            field_invalid("spec.clusterIP", "None", "may not be set to 'None' for LoadBalancer services")
        )
    if kind == "ExternalName" and not spec.get("externalName"):
        errors.append(field_required("spec.externalName"))
    errors += one_of(spec.get("sessionAffinity", "None"), "spec.sessionAffinity", ("ClientIP", "None"))
    errors += names.check_labels(spec.get("selector"), "spec.selector")
    seen_names: set[str] = set()
    seen_ports: set[tuple[object, object]] = set()
    for index, each in enumerate(ports):
        path = f"spec.ports[{index}]"
        errors += _service_port(each, path, kind, named=len(ports) > 1, seen=seen_names)
        key = (each.get("protocol"), each.get("port"))
        if key in seen_ports:
            shown = {"protocol": each.get("protocol"), "port": each.get("port")}
            errors.append(field_duplicate(path, shown))
        seen_ports.add(key)
    return errors


def _service_port(each: Object, path: str, kind: str, *, named: bool, seen: set[str]) -> list[FieldError]:
    errors = []
    name = each.get("name") or ""
    if named and not name:
        errors.append(field_required(f"{path}.name"))
    elif name:
        errors += [field_invalid(f"{path}.name", name, why) for why in names.label(name)]
        if name in seen:
            errors.append(field_duplicate(f"{path}.name", name))
        seen.add(name)
    errors += port(each.get("port") or 0, f"{path}.port")
    errors += one_of(each.get("protocol", "TCP"), f"{path}.protocol", _PROTOCOLS)
    if each.get("targetPort") is not None:
        errors += port_or_name(each["targetPort"], f"{path}.targetPort")
    if each.get("nodePort") and kind == "ClusterIP":
        errors.append(field_forbidden(f"{path}.nodePort", "may not be used when `type` is 'ClusterIP'"))
    return errors


def _service_update(new: Object, old: Object) -> list[FieldError]:
    before, after = old["spec"], new["spec"]
    if before.get("type") == "ExternalName" or after.get("type") == "ExternalName":
        return []
    if before.get("clusterIP") and after.get("clusterIP") != before["clusterIP"]:
        value = [after.get("clusterIP")] if after.get("clusterIP") else None
        return [field_invalid("spec.clusterIPs[0]", value, "may not change once set")]
    return []


def _ingress(obj: Object) -> list[FieldError]:
    spec = obj.get("spec") or {}
    if not spec.get("rules") and not spec.get("defaultBackend"):
        return [field_invalid("spec", spec, "either `defaultBackend` or `rules` must be specified")]
    errors = []
    for index, rule in enumerate(spec.get("rules") or ()):
        path = f"spec.rules[{index}]"
        host = rule.get("host")
        if host:
            errors += [
                field_invalid(f"{path}.host", host, why) for why in names.subdomain(host.removeprefix("*."))
            ]
        http = rule.get("http")
        if http is not None and not http.get("paths"):
            errors.append(field_required(f"{path}.http.paths"))
        for number, each in enumerate((http or {}).get("paths") or ()):
            errors += _ingress_path(each, f"{path}.http.paths[{number}]")
    return errors


def _ingress_path(each: Object, path: str) -> list[FieldError]:
    errors = []
    if not each.get("pathType"):
        errors.append(field_required(f"{path}.pathType", "pathType must be specified"))
    else:
        kinds = ("Exact", "ImplementationSpecific", "Prefix")
        errors += one_of(each["pathType"], f"{path}.pathType", kinds)
        if each["pathType"] != "ImplementationSpecific" and not (each.get("path") or "").startswith("/"):
            errors.append(field_invalid(f"{path}.path", each.get("path") or "", "must be an absolute path"))
    backend = each.get("backend") or {}
    service = backend.get("service")
    if service is not None:
        if not service.get("name"):
            errors.append(field_required(f"{path}.backend.service.name"))
        target = service.get("port") or {}
        if target.get("name"):
            errors += port_name(target["name"], f"{path}.backend.service.port.name")
        elif target.get("number"):
            errors += port(target["number"], f"{path}.backend.service.port.number")
        else:
            errors.append(field_required(f"{path}.backend.service.port", "port name or number is required"))
    elif not backend.get("resource"):
        errors.append(field_required(f"{path}.backend"))
    return errors


def _network_policy(obj: Object) -> list[FieldError]:
    spec = obj.get("spec") or {}
    errors = label_selector(spec.get("podSelector"), "spec.podSelector")
    for index, kind in enumerate(spec.get("policyTypes") or ()):
        errors += one_of(kind, f"spec.policyTypes[{index}]", ("Egress", "Ingress"))
    return errors


CHECKS = {
    ("", "Service"): _service,
    ("networking.k8s.io", "Ingress"): _ingress,
    ("networking.k8s.io", "NetworkPolicy"): _network_policy,
}
UPDATE_CHECKS = {("", "Service"): _service_update}
