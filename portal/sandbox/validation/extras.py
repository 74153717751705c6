"""Quotas, limit ranges, priority classes, storage classes, runtime classes and leases."""

from __future__ import annotations

from portal.policy.quantities import QuantityError, parse_quantity
from portal.sandbox import names
from portal.sandbox.objects import Object, dig
from portal.sandbox.statuses import (
    FieldError,
    field_duplicate,
    field_forbidden,
    field_invalid,
    field_required,
)
from portal.sandbox.validation.common import immutable, one_of, resource_list

_LIMIT_TYPES = ("Container", "PersistentVolumeClaim", "Pod")
_SCOPES = ("BestEffort", "CrossNamespacePodAffinity", "NotBestEffort", "NotTerminating", "PriorityClass",
"Terminating",
           "VolumeAttributesClass")  # fmt: skip
_STANDARD_QUOTA = {
    "cpu", "memory", "ephemeral-storage", "requests.cpu", "requests.memory", "requests.storage",
    "requests.ephemeral-storage",
    "limits.cpu", "limits.memory", "limits.ephemeral-storage", "pods", "services",
    "replicationcontrollers", "secrets",
    "configmaps", "persistentvolumeclaims", "resourcequotas", "services.nodeports", "services.loadbalancers",
}  # fmt: skip
HIGHEST_PRIORITY = 1_000_000_000


def _quota(obj: Object) -> list[FieldError]:
    spec = obj.get("spec") or {}
    hard = spec.get("hard") or {}
    errors = resource_list(hard, "spec.hard")
    for name in hard:
        errors += names.check_qualified(name, f"spec.hard[{name}]")
        if "/" not in name and name not in _STANDARD_QUOTA and not name.startswith("requests."):
            why = "must be a standard resource for quota"
            errors.append(field_invalid(f"spec.hard[{name}]", name, why))
    for scope in spec.get("scopes") or ():
        errors += one_of(scope, "spec.scopes", _SCOPES)
    return errors


def _limit_range(obj: Object) -> list[FieldError]:
    errors = []
    seen: set[str] = set()
    for index, limit in enumerate(dig(obj, "spec", "limits") or ()):
        path = f"spec.limits[{index}]"
        kind = limit.get("type") or ""
        if kind not in _LIMIT_TYPES and "/" not in kind:
            errors.append(
                field_invalid(f"{path}.type", kind, "must be a standard limit type or fully qualified")
            )
        if kind in seen:
            errors.append(field_duplicate(f"{path}.type", kind))
        seen.add(kind)
        for field in ("max", "min", "default", "defaultRequest"):
            errors += resource_list(limit.get(field), f"{path}.{field}")
        errors += _ordered(limit, path)
    return errors


def _ordered(limit: Object, path: str) -> list[FieldError]:
    """min ≤ defaultRequest ≤ default ≤ max, pair by pair."""
    order = (("min", "defaultRequest"), ("min", "default"), ("min", "max"), ("defaultRequest", "default"),
             ("defaultRequest", "max"), ("default", "max"))  # fmt: skip
    words = {"min": "min", "defaultRequest": "default request", "default": "default", "max": "max"}
    errors = []
    for low, high in order:
        for name, value in (limit.get(low) or {}).items():
            bound = (limit.get(high) or {}).get(name)
            try:
                wrong = bound is not None and parse_quantity(str(bound)) < parse_quantity(str(value))
            except QuantityError:
                continue
            if wrong:
                why = f"{words[low]} value {value} is greater than {words[high]} value {bound}"
                errors.append(field_invalid(f"{path}.{low}[{name}]", str(value), why))
    return errors


def _priority_class(obj: Object) -> list[FieldError]:
    value = obj.get("value") or 0
    if obj["metadata"]["name"].startswith("system-"):
        return []
    if value > HIGHEST_PRIORITY:
        return [
            field_forbidden(
                "value", f"maximum allowed value of a user defined priority is {HIGHEST_PRIORITY}"
            )
        ]
    return []


def _priority_class_update(new: Object, old: Object) -> list[FieldError]:
    same = (new.get("value") or 0) == (old.get("value") or 0)
    return [] if same else [field_forbidden("value", "may not be changed in an update.")]


def _storage_class(obj: Object) -> list[FieldError]:
    errors = (
        [] if obj.get("provisioner") else [field_required("provisioner", "provisioner must be specified")]
    )
    errors += one_of(obj.get("reclaimPolicy", "Delete"), "reclaimPolicy", ("Delete", "Retain"))
    binding = obj.get("volumeBindingMode", "Immediate")
    return errors + one_of(binding, "volumeBindingMode", ("Immediate", "WaitForFirstConsumer"))


def _storage_class_update(new: Object, old: Object) -> list[FieldError]:
    errors = []
    for field in ("parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"):
        if new.get(field) != old.get(field):
            why = f"updates to {field} are forbidden."
            errors.append(
                field_forbidden(field, why) if field != "volumeBindingMode"
                else immutable(new.get(field), old.get(field), field)[0]
            )  # fmt: skip
    return errors


def _runtime_class(obj: Object) -> list[FieldError]:
    handler = obj.get("handler") or ""
    return [field_invalid("handler", handler, why) for why in names.label(handler)]


def _runtime_class_update(new: Object, old: Object) -> list[FieldError]:
    return immutable(new.get("handler"), old.get("handler"), "handler")


CHECKS = {
    ("", "ResourceQuota"): _quota,
    ("", "LimitRange"): _limit_range,
    ("scheduling.k8s.io", "PriorityClass"): _priority_class,
    ("storage.k8s.io", "StorageClass"): _storage_class,
    ("node.k8s.io", "RuntimeClass"): _runtime_class,
}
UPDATE_CHECKS = {
    ("scheduling.k8s.io", "PriorityClass"): _priority_class_update,
    ("storage.k8s.io", "StorageClass"): _storage_class_update,
    ("node.k8s.io", "RuntimeClass"): _runtime_class_update,
}
