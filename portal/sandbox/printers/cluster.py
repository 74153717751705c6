"""Everything but workloads: configuration, network, storage, access and the cluster itself."""

from __future__ import annotations

from typing import Any

from portal.sandbox.objects import Object, dig
from portal.sandbox.printers.common import (
    NONE,
    UNKNOWN,
    Printer,
    age,
    ago,
    columns,
    joined,
    name,
    plain_selector,
    selector,
)

_MODES = {
    "ReadWriteOnce": "RWO",
    "ReadOnlyMany": "ROX",
    "ReadWriteMany": "RWX",
    "ReadWriteOncePod": "RWOP",
}
_ROLE_LABEL = "node-role.kubernetes.io/"
_DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"


def _config_map(obj: Object) -> list[Any]:
    return [name(obj), len(obj.get("data") or {}) + len(obj.get("binaryData") or {}), age(obj)]


def _secret(obj: Object) -> list[Any]:
    return [name(obj), obj.get("type", ""), len(obj.get("data") or {}), age(obj)]


def _service_account(obj: Object) -> list[Any]:
    return [name(obj), len(obj.get("secrets") or ()), age(obj)]


def _namespace(obj: Object) -> list[Any]:
    return [name(obj), dig(obj, "status", "phase") or "", age(obj)]


def _node(obj: Object) -> list[Any]:
    info = dig(obj, "status", "nodeInfo") or {}
    addresses = {each["type"]: each["address"] for each in dig(obj, "status", "addresses") or ()}
    labels = obj["metadata"].get("labels") or {}
    roles = sorted(key.removeprefix(_ROLE_LABEL) for key in labels if key.startswith(_ROLE_LABEL))
    return [
        name(obj),
        _node_status(obj),
        joined(roles),
        age(obj),
        info.get("kubeletVersion", ""),
        addresses.get("InternalIP", NONE),
        addresses.get("ExternalIP", NONE),
        info.get("osImage") or UNKNOWN,
        info.get("kernelVersion") or UNKNOWN,
        info.get("containerRuntimeVersion") or UNKNOWN,
    ]


def _node_status(obj: Object) -> str:
    ready = next((each for each in dig(obj, "status", "conditions") or () if each["type"] == "Ready"), None)
    shown = "Unknown" if ready is None else "Ready" if ready["status"] == "True" else "NotReady"
    return f"{shown},SchedulingDisabled" if dig(obj, "spec", "unschedulable") else shown


def _event(obj: Object) -> list[Any]:
    involved = obj.get("involvedObject") or {}
    series = obj.get("series") or {}
    first = obj.get("firstTimestamp") or obj.get("eventTime")
    last = series.get("lastObservedTime") or obj.get("lastTimestamp") or first
    source = obj.get("source") or {}
    component = source.get("component") or obj.get("reportingComponent") or ""
    return [
        ago(last),
        obj.get("type", ""),
        obj.get("reason", ""),
        f"{involved.get('kind', '').lower()}/{involved.get('name', '')}",
        involved.get("fieldPath", ""),
        ", ".join(
            part for part in (component, source.get("host") or obj.get("reportingInstance") or "") if part
        ),
        str(obj.get("message", "")).strip(),
        ago(first),
        series.get("count") or obj.get("count") or 1,
        name(obj),
    ]


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


def _volume(obj: Object) -> list[Any]:
    spec = obj.get("spec") or {}
    claim = spec.get("claimRef") or {}
    return [
        name(obj),
        dig(spec, "capacity", "storage") or "",
        _modes(spec),
        spec.get("persistentVolumeReclaimPolicy", ""),
        "Terminating" if obj["metadata"].get("deletionTimestamp") else dig(obj, "status", "phase") or "",
        f"{claim['namespace']}/{claim['name']}" if claim else "",
        spec.get("storageClassName", ""),
        spec.get("volumeAttributesClassName") or "<unset>",
        dig(obj, "status", "reason") or "",
        age(obj),
        spec.get("volumeMode") or "<unset>",
    ]


def _modes(spec: Object) -> str:
    return ",".join(_MODES.get(each, each) for each in spec.get("accessModes") or ())


def _claim(obj: Object) -> list[Any]:
    spec = obj.get("spec") or {}
    bound = spec.get("volumeName")
    return [
        name(obj),
        "Terminating" if obj["metadata"].get("deletionTimestamp") else dig(obj, "status", "phase") or "",
        bound or "",
        (dig(obj, "status", "capacity", "storage") or "0") if bound else "",
        _modes(obj.get("status") or {}) if bound else "",
        spec.get("storageClassName", ""),
        spec.get("volumeAttributesClassName") or "<unset>",
        age(obj),
        spec.get("volumeMode") or "<unset>",
    ]


def _storage_class(obj: Object) -> list[Any]:
    default = (obj["metadata"].get("annotations") or {}).get(_DEFAULT_CLASS) == "true"
    return [
        f"{name(obj)} (default)" if default else name(obj),
        obj.get("provisioner", ""),
        obj.get("reclaimPolicy", "Delete"),
        obj.get("volumeBindingMode", "Immediate"),
        bool(obj.get("allowVolumeExpansion")),
        age(obj),
    ]


def _quota(obj: Object) -> list[Any]:
    hard, used = dig(obj, "status", "hard") or {}, dig(obj, "status", "used") or {}
    request: list[str] = []
    limit: list[str] = []
    for resource in sorted(hard):
        shown = f"{resource}: {used.get(resource, '0')}/{hard[resource]}"
        (limit if resource.startswith("limits.") else request).append(shown)
    return [name(obj), ", ".join(request), ", ".join(limit), age(obj)]


def _named_and_created(obj: Object) -> list[Any]:
    return [name(obj), obj["metadata"].get("creationTimestamp", "")]


def _binding(obj: Object) -> list[Any]:
    reference = obj.get("roleRef") or {}
    by_kind: dict[str, list[str]] = {"User": [], "Group": [], "ServiceAccount": []}
    for each in obj.get("subjects") or ():
        shown = (
            f"{each.get('namespace', '')}/{each['name']}"
            if each["kind"] == "ServiceAccount"
            else each["name"]
        )
        by_kind.setdefault(each["kind"], []).append(shown)
    return [
        name(obj),
        f"{reference.get('kind', '')}/{reference.get('name', '')}",
        age(obj),
        *(", ".join(by_kind[kind]) for kind in ("User", "Group", "ServiceAccount")),
    ]


def _priority_class(obj: Object) -> list[Any]:
    policy = obj.get("preemptionPolicy", "PreemptLowerPriority")
    return [name(obj), obj.get("value", 0), bool(obj.get("globalDefault")), age(obj), policy]


def _lease(obj: Object) -> list[Any]:
    return [name(obj), dig(obj, "spec", "holderIdentity") or "", age(obj)]


def _runtime_class(obj: Object) -> list[Any]:
    return [name(obj), obj.get("handler", ""), age(obj)]


def _policy(obj: Object) -> list[Any]:
    spec = obj.get("spec") or {}
    kind = spec.get("paramKind")
    shown = f"{kind['apiVersion']}/{kind['kind']}" if kind else "<unset>"
    return [name(obj), len(spec.get("validations") or ()), shown, age(obj)]


def _policy_binding(obj: Object) -> list[Any]:
    spec = obj.get("spec") or {}
    reference = spec.get("paramRef")
    shown = "<unset>"
    if reference and reference.get("name"):
        shown = f"{reference.get('namespace', '*')}/{reference['name']}"
    elif reference:
        shown = selector(reference.get("selector"))
    return [name(obj), spec.get("policyName", ""), shown, age(obj)]


def _webhooks(obj: Object) -> list[Any]:
    return [name(obj), len(obj.get("webhooks") or ()), age(obj)]


def _api_service(obj: Object) -> list[Any]:
    return [name(obj), "Local", "True", age(obj)]


_CREATED = ("Created At",)
_SUBJECTS = ("Users", "Groups", "ServiceAccounts")
_RBAC = "rbac.authorization.k8s.io"
_ADMISSION = "admissionregistration.k8s.io"
PRINTERS = {
    ("", "ConfigMap"): Printer(columns("core.v1.ConfigMap", "Data", "Age"), _config_map),
    ("", "Secret"): Printer(columns("core.v1.Secret", "Type", "Data", "Age"), _secret),
    ("", "ServiceAccount"): Printer(columns("core.v1.ServiceAccount", "Secrets", "Age"), _service_account),
    ("", "Namespace"): Printer(columns("core.v1.Namespace", "Status", "Age"), _namespace),
    ("", "Node"): Printer(
        columns("core.v1.Node", "Status", "Roles", "Age", "Version",
                wide=("Internal-IP", "External-IP", "OS-Image", "Kernel-Version", "Container-Runtime")),
                _node),
    ("", "Event"): Printer(
        (*columns("core.v1.Event", "Last Seen", "Type", "Reason", "Object")[1:],
         *columns("core.v1.Event", wide=("Subobject", "Source"))[1:], *columns("core.v1.Event",
         "Message")[1:],
         *columns("core.v1.Event", wide=("First Seen", "Count", "Name"))[1:]), _event),
    ("", "Service"): Printer(
        columns("core.v1.Service", "Type", "Cluster-IP", "External-IP", "Port(s)", "Age",
        wide=("Selector",)), _service),
    ("", "Endpoints"): Printer(columns("core.v1.Endpoints", "Endpoints", "Age"), _endpoints),
    ("", "PersistentVolume"): Printer(
        columns("core.v1.PersistentVolume", "Capacity", "Access Modes", "Reclaim Policy", "Status", "Claim",
                "StorageClass", "VolumeAttributesClass", "Reason", "Age", wide=("VolumeMode",)), _volume),
    ("", "PersistentVolumeClaim"): Printer(
        columns("core.v1.PersistentVolumeClaim", "Status", "Volume", "Capacity", "Access Modes",
        "StorageClass",
                "VolumeAttributesClass", "Age", wide=("VolumeMode",)), _claim),
    ("", "ResourceQuota"): Printer(columns("core.v1.ResourceQuota", "Request", "Limit", "Age"), _quota),
    ("", "LimitRange"): Printer(columns("core.v1.LimitRange", *_CREATED), _named_and_created),
    ("discovery.k8s.io", "EndpointSlice"): Printer(
        columns("discovery.v1.EndpointSlice", "AddressType", "Ports", "Endpoints", "Age"), _endpoint_slice),
    ("networking.k8s.io", "Ingress"): Printer(
        columns("networking.v1.Ingress", "Class", "Hosts", "Address", "Ports", "Age"), _ingress),
    ("networking.k8s.io", "IngressClass"): Printer(
        columns("networking.v1.IngressClass", "Controller", "Parameters", "Age"), _ingress_class),
    ("networking.k8s.io", "NetworkPolicy"): Printer(
        columns("networking.v1.NetworkPolicy", "Pod-Selector", "Age"), _network_policy),
    ("storage.k8s.io", "StorageClass"): Printer(
        columns("storage.v1.StorageClass", "Provisioner", "ReclaimPolicy", "VolumeBindingMode",
                "AllowVolumeExpansion", "Age"), _storage_class),
    (_RBAC, "Role"): Printer(columns("rbac.v1.Role", *_CREATED), _named_and_created),
    (_RBAC, "ClusterRole"): Printer(columns("rbac.v1.ClusterRole", *_CREATED), _named_and_created),
    (_RBAC, "RoleBinding"): Printer(columns("rbac.v1.RoleBinding", "Role", "Age", wide=_SUBJECTS), _binding),
    (_RBAC, "ClusterRoleBinding"): Printer(
        columns("rbac.v1.ClusterRoleBinding", "Role", "Age", wide=_SUBJECTS), _binding),
    ("scheduling.k8s.io", "PriorityClass"): Printer(
        columns("scheduling.v1.PriorityClass", "Value:integer", "Global-Default:boolean", "Age",
        "PreemptionPolicy"),
        _priority_class),
    ("coordination.k8s.io", "Lease"): Printer(columns("coordination.v1.Lease", "Holder", "Age"), _lease),
    ("node.k8s.io", "RuntimeClass"): Printer(columns("node.v1.RuntimeClass", "Handler", "Age"),
    _runtime_class),
    ("apiextensions.k8s.io", "CustomResourceDefinition"): Printer(columns("", *_CREATED), _named_and_created),
    ("apiregistration.k8s.io", "APIService"): Printer(columns("", "Service", "Available", "Age"),
    _api_service),
    (_ADMISSION, "ValidatingAdmissionPolicy"): Printer(
        columns("admissionregistration.v1.ValidatingAdmissionPolicy", "Validations", "ParamKind", "Age"),
        _policy),
    (_ADMISSION, "ValidatingAdmissionPolicyBinding"): Printer(
        columns("admissionregistration.v1.ValidatingAdmissionPolicyBinding", "PolicyName", "ParamRef", "Age"),
        _policy_binding),
    (_ADMISSION, "ValidatingWebhookConfiguration"): Printer(columns("", "Webhooks", "Age"), _webhooks),
    (_ADMISSION, "MutatingWebhookConfiguration"): Printer(columns("", "Webhooks", "Age"), _webhooks),
}  # fmt: skip
