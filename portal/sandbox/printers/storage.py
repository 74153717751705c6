"""Configuration, secrets, volumes and claims."""

from __future__ import annotations

from typing import Any

from portal.sandbox.objects import Object, dig
from portal.sandbox.printers.common import Printer, age, columns, name

_MODES = {
    "ReadWriteOnce": "RWO",
    "ReadOnlyMany": "ROX",
    "ReadWriteMany": "RWX",
    "ReadWriteOncePod": "RWOP",
}
_DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"


def _config_map(obj: Object) -> list[Any]:
    return [name(obj), len(obj.get("data") or {}) + len(obj.get("binaryData") or {}), age(obj)]


def _secret(obj: Object) -> list[Any]:
    return [name(obj), obj.get("type", ""), len(obj.get("data") or {}), age(obj)]


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


PRINTERS = {
    ("", "ConfigMap"): Printer(columns("core.v1.ConfigMap", "Data", "Age"), _config_map),
    ("", "Secret"): Printer(columns("core.v1.Secret", "Type", "Data", "Age"), _secret),
    ("", "PersistentVolume"): Printer(
        columns("core.v1.PersistentVolume", "Capacity", "Access Modes", "Reclaim Policy", "Status", "Claim",
                "StorageClass", "VolumeAttributesClass", "Reason", "Age", wide=("VolumeMode",)), _volume),
    ("", "PersistentVolumeClaim"): Printer(
        columns("core.v1.PersistentVolumeClaim", "Status", "Volume", "Capacity", "Access Modes",
        "StorageClass",
                "VolumeAttributesClass", "Age", wide=("VolumeMode",)), _claim),
    ("storage.k8s.io", "StorageClass"): Printer(
        columns("storage.v1.StorageClass", "Provisioner", "ReclaimPolicy", "VolumeBindingMode",
                "AllowVolumeExpansion", "Age"), _storage_class),
}  # fmt: skip
