"""Pods and pod templates (kubernetes/pkg/apis/core/validation)."""

from __future__ import annotations

from typing import Any

from portal.policy.quantities import QuantityError, parse_quantity
from portal.sandbox import names
from portal.sandbox.objects import Object, clone
from portal.sandbox.statuses import (
    FieldError,
    field_duplicate,
    field_forbidden,
    field_invalid,
    field_not_found,
    field_required,
)
from portal.sandbox.validation.common import (
    not_negative,
    one_of,
    port,
    port_name,
    port_or_name,
    resource_list,
)

_PULL_POLICIES = ("Always", "IfNotPresent", "Never")
_RESTART_POLICIES = ("Always", "Never", "OnFailure")
_HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc", "sleep")
# what may change of a running pod
_MUTABLE = (
    "spec.containers[*].image,spec.initContainers[*].image,spec.activeDeadlineSeconds,spec.tolerations (only "
    "additions to existing tolerations),spec.terminationGracePeriodSeconds (allow it to be set to 1 "
    "if it was "
    "previously negative)"
)


def validate_pod(pod: Object) -> list[FieldError]:
    return validate_pod_spec(pod.get("spec") or {}, "spec", _RESTART_POLICIES)


def validate_template(
    template: Object, path: str, restart: tuple[str, ...] = ("Always",)
) -> list[FieldError]:
    """A pod template: labels, annotations and the spec."""
    metadata = template.get("metadata") or {}
    errors = names.check_labels(metadata.get("labels"), f"{path}.labels")
    return errors + validate_pod_spec(template.get("spec") or {}, f"{path}.spec", restart)


def validate_pod_spec(spec: Object, path: str, restart: tuple[str, ...]) -> list[FieldError]:
    volumes, errors = _volumes(spec.get("volumes") or [], f"{path}.volumes")
    seen: set[str] = set()
    errors += _containers(spec.get("containers") or [], f"{path}.containers", volumes, seen)
    errors += _containers(
        spec.get("initContainers") or [], f"{path}.initContainers", volumes, seen, init=True
    )
    errors += one_of(spec.get("restartPolicy", "Always"), f"{path}.restartPolicy", restart)
    errors += one_of(
        spec.get("dnsPolicy", "ClusterFirst"),
        f"{path}.dnsPolicy",
        ("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"),
    )
    errors += not_negative(spec.get("terminationGracePeriodSeconds"), f"{path}.terminationGracePeriodSeconds")
    deadline = spec.get("activeDeadlineSeconds")
    if deadline is not None and deadline < 1:
        errors.append(
            field_invalid(
                f"{path}.activeDeadlineSeconds", deadline, "must be between 1 and 2147483647, inclusive"
            )
        )
    for field in ("serviceAccountName", "nodeName", "priorityClassName", "runtimeClassName"):
        if spec.get(field):
            errors += [
                field_invalid(f"{path}.{field}", spec[field], why) for why in names.subdomain(spec[field])
            ]
    if spec.get("hostname"):
        errors += [
            field_invalid(f"{path}.hostname", spec["hostname"], why) for why in names.label(spec["hostname"])
        ]
    return errors + names.check_labels(spec.get("nodeSelector"), f"{path}.nodeSelector")


def _volumes(volumes: list[Object], path: str) -> tuple[set[str], list[FieldError]]:
    known: set[str] = set()
    errors = []
    for index, volume in enumerate(volumes):
        name = volume.get("name") or ""
        below = f"{path}[{index}]"
        if not name:
            errors.append(field_required(f"{below}.name"))
        else:
            errors += [field_invalid(f"{below}.name", name, why) for why in names.label(name)]
        if name in known:
            errors.append(field_duplicate(f"{below}.name", name))
        known.add(name)
        sources = [key for key in volume if key != "name"]
        if not sources:
            errors.append(field_required(below, "must specify a volume type"))
        errors += [
            field_forbidden(f"{below}.{key}", "may not specify more than 1 volume type")
            for key in sources[1:]
        ]
        errors += _volume_source(volume, below)
    return known, errors


def _volume_source(volume: Object, path: str) -> list[FieldError]:
    needed = {
        "secret": "secretName",
        "configMap": "name",
        "persistentVolumeClaim": "claimName",
        "hostPath": "path",
    }
    return [
        field_required(f"{path}.{source}.{field}")
        for source, field in needed.items()
        if source in volume and not (volume[source] or {}).get(field)
    ]


def _containers(
    containers: list[Object], path: str, volumes: set[str], seen: set[str], *, init: bool = False
) -> list[FieldError]:
    if not containers and not init:
        return [field_required(path)]
    errors = []
    for index, container in enumerate(containers):
        below = f"{path}[{index}]"
        name = container.get("name") or ""
        if not name:
            errors.append(field_required(f"{below}.name"))
        else:
            errors += [field_invalid(f"{below}.name", name, why) for why in names.label(name)]
        if name and name in seen:
            errors.append(field_duplicate(f"{below}.name", name))
        seen.add(name)
        errors += _container(
            container, below, volumes, restartable=container.get("restartPolicy") == "Always" or not init
        )
    return errors


def _container(container: Object, path: str, volumes: set[str], *, restartable: bool) -> list[FieldError]:
    errors = []
    image = container.get("image")
    if not image:
        errors.append(field_required(f"{path}.image"))
    elif image != image.strip():
        errors.append(field_invalid(f"{path}.image", image, "must not have leading or trailing whitespace"))
    errors += one_of(container.get("imagePullPolicy", "Always"), f"{path}.imagePullPolicy", _PULL_POLICIES)
    errors += _ports(container.get("ports") or [], f"{path}.ports")
    errors += _environment(container.get("env") or [], f"{path}.env")
    errors += _mounts(container.get("volumeMounts") or [], f"{path}.volumeMounts", volumes)
    errors += validate_requirements(container.get("resources") or {}, f"{path}.resources")
    for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
        if probe not in container:
            continue
        if not restartable:
            errors.append(
                field_forbidden(
                    f"{path}.{probe}", "may not be set for init containers without restartPolicy=Always"
                )
            )
        errors += _probe(container[probe], f"{path}.{probe}", probe)
    return errors


def _ports(ports: list[Object], path: str) -> list[FieldError]:
    errors = []
    known: set[str] = set()
    for index, each in enumerate(ports):
        below = f"{path}[{index}]"
        name = each.get("name")
        if name:
            errors += port_name(name, f"{below}.name")
            if name in known:
                errors.append(field_duplicate(f"{below}.name", name))
            known.add(name)
        if not each.get("containerPort"):
            errors.append(field_required(f"{below}.containerPort"))
        else:
            errors += port(each["containerPort"], f"{below}.containerPort")
        if each.get("hostPort"):
            errors += port(each["hostPort"], f"{below}.hostPort")
        errors += one_of(each.get("protocol", "TCP"), f"{below}.protocol", ("SCTP", "TCP", "UDP"))
    return errors


def _environment(variables: list[Object], path: str) -> list[FieldError]:
    errors = []
    for index, each in enumerate(variables):
        below = f"{path}[{index}]"
        name = each.get("name")
        if not name:
            errors.append(field_required(f"{below}.name"))
        elif "=" in name:
            errors.append(
                field_invalid(f"{below}.name", name, "a valid environment variable name must not contain '='")
            )
        source = each.get("valueFrom")
        if source is None:
            continue
        if each.get("value"):
            errors.append(
                field_invalid(f"{below}.valueFrom", "", "may not be specified when `value` is not empty")
            )
        if len(source) != 1:
            why = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`"
            if len(source) > 1:
                why = "may not have more than one field specified at a time"
            errors.append(field_invalid(f"{below}.valueFrom", "", why))
        for kind in ("configMapKeyRef", "secretKeyRef"):
            if kind in source and not source[kind].get("key"):
                errors.append(field_required(f"{below}.valueFrom.{kind}.key"))
    return errors


def _mounts(mounts: list[Object], path: str, volumes: set[str]) -> list[FieldError]:
    errors = []
    places: set[str] = set()
    for index, each in enumerate(mounts):
        below = f"{path}[{index}]"
        name, place = each.get("name") or "", each.get("mountPath") or ""
        if not name:
            errors.append(field_required(f"{below}.name"))
        elif name not in volumes:
            errors.append(field_not_found(f"{below}.name", name))
        if not place:
            errors.append(field_required(f"{below}.mountPath"))
        elif place in places:
            errors.append(field_invalid(f"{below}.mountPath", place, "must be unique"))
        places.add(place)
    return errors


def validate_requirements(resources: Object, path: str) -> list[FieldError]:
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    errors = resource_list(limits, f"{path}.limits") + resource_list(requests, f"{path}.requests")
    for name, amount in requests.items():
        limit = limits.get(name)
        try:
            too_much = limit is not None and parse_quantity(str(limit)) < parse_quantity(str(amount))
        except QuantityError:
            continue
        if too_much:
            why = f"must be less than or equal to {name} limit of {limit}"
            errors.append(field_invalid(f"{path}.requests", str(amount), why))
    return errors


def _probe(probe: Any, path: str, name: str) -> list[FieldError]:
    handlers = [each for each in _HANDLERS if each in probe]
    errors = []
    if not handlers:
        errors.append(field_required(path, "must specify a handler type"))
    errors += [
        field_forbidden(f"{path}.{each}", "may not specify more than 1 handler type") for each in handlers[1:]
    ]
    for handler in ("httpGet", "tcpSocket"):
        if handler in probe:
            errors += port_or_name(probe[handler].get("port", 0), f"{path}.{handler}.port")
    for field in (
        "initialDelaySeconds",
        "timeoutSeconds",
        "periodSeconds",
        "successThreshold",
        "failureThreshold",
    ):
        errors += not_negative(probe.get(field), f"{path}.{field}")
    if name != "readinessProbe" and probe.get("successThreshold", 1) != 1:
        errors.append(field_invalid(f"{path}.successThreshold", probe["successThreshold"], "must be 1"))
    return errors


def validate_pod_update(new: Object, old: Object) -> list[FieldError]:
    """Of a pod's spec only images, deadlines and further tolerations may change; scheduling fills in the
    node."""
    before, after = clone(old["spec"]), clone(new["spec"])
    for spec in (before, after):
        for field in ("activeDeadlineSeconds", "tolerations", "ephemeralContainers", "schedulingGates"):
            spec.pop(field, None)
        for container in (*(spec.get("containers") or ()), *(spec.get("initContainers") or ())):
            container.pop("image", None)
            container.pop("resources", None)
    if not before.get("nodeName"):
        after.pop("nodeName", None)
        before.pop("nodeName", None)
    if before == after:
        return []
    changed = sorted(key for key in {*before, *after} if before.get(key) != after.get(key))
    return [
        field_forbidden(
            "spec",
            f"pod updates may not change fields other than `{_MUTABLE}`\n  (changed: {', '.join(changed)})",
        )
    ]
