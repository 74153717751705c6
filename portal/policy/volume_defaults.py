"""Defaults of the volumes of a Pod and of a PersistentVolume (kubernetes/pkg/apis/core/v1, 1.36)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from portal.policy.images import pull_policy

Object = dict[str, Any]

FILE_MODE = 0o644
RBD = {"user": "admin", "keyring": "/etc/ceph/keyring", "pool": "rbd"}
# what a source gets when it is chosen and says nothing of it
SOURCES: dict[str, Object] = {
    "secret": {"defaultMode": FILE_MODE},
    "configMap": {"defaultMode": FILE_MODE},
    "downwardAPI": {"defaultMode": FILE_MODE},
    "projected": {"defaultMode": FILE_MODE},
    "hostPath": {"type": ""},
    "iscsi": {"iscsiInterface": "default"},
    "rbd": RBD,
    "azureDisk": {"cachingMode": "ReadWrite", "fsType": "ext4", "readOnly": False, "kind": "Shared"},
    "scaleIO": {"storageMode": "ThinProvisioned", "fsType": "xfs"},
}


def default_source(volume: Object) -> None:
    """Fill in, in place, what the chosen source of a volume lacks."""
    for kind, values in SOURCES.items():
        source = volume.get(kind)
        if isinstance(source, dict):
            for key, value in values.items():
                source.setdefault(key, value)


def default_volume(volume: Object) -> None:
    """Fill in, in place, what a volume of a Pod lacks; without a source it is an empty directory."""
    if set(volume) <= {"name"}:
        volume["emptyDir"] = {}
    default_source(volume)
    if isinstance(volume.get("image"), dict):
        volume["image"].setdefault("pullPolicy", pull_policy(str(volume["image"].get("reference") or "")))
    for item in mappings((volume.get("downwardAPI") or {}).get("items")):
        default_field_ref(item)
    for source in mappings((volume.get("projected") or {}).get("sources")):
        if isinstance(source.get("serviceAccountToken"), dict):
            source["serviceAccountToken"].setdefault("expirationSeconds", 3600)
        for item in mappings((source.get("downwardAPI") or {}).get("items")):
            default_field_ref(item)
    template = (volume.get("ephemeral") or {}).get("volumeClaimTemplate")
    if isinstance(template, dict) and isinstance(template.get("spec"), dict):
        template["spec"].setdefault("volumeMode", "Filesystem")


def default_field_ref(source: Any) -> None:
    if isinstance(source, dict) and isinstance(source.get("fieldRef"), dict):
        source["fieldRef"].setdefault("apiVersion", "v1")


def mappings(value: Any) -> Iterator[Object]:
    """The mappings in a list; anything else is somebody's mistake and not ours to repair."""
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))
