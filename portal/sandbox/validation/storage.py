"""ConfigMaps, Secrets, volumes and claims."""

from __future__ import annotations

import base64
import json
import re

from portal.policy.quantities import QuantityError, parse_quantity
from portal.sandbox.objects import Object, dig, without
from portal.sandbox.statuses import FieldError, field_forbidden, field_invalid, field_required, field_too_long
from portal.sandbox.validation.common import immutable, one_of, resource_list

MAX_DATA = 1024 * 1024
_KEY = re.compile(r"^[-._a-zA-Z0-9]+$")
_KEY_RULE = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  "
    "or 'KEY_NAME',  "
    "or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
)
_MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
_NEEDED_KEYS = {
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
}


def _keys(data: Object, path: str) -> list[FieldError]:
    return [
        field_invalid(f"{path}[{key}]", key, _KEY_RULE)
        for key in data
        if not _KEY.match(key) or len(key) > 253
    ]


def _config_map(obj: Object) -> list[FieldError]:
    data, binary = obj.get("data") or {}, obj.get("binaryData") or {}
    errors = _keys(data, "data") + _keys(binary, "binaryData")
    errors += [
        field_invalid("data", key, "duplicate of key present in binaryData") for key in data if key in binary
    ]
    size = sum(len(value.encode()) for value in data.values()) + sum(
        len(each) * 3 // 4 for each in binary.values()
    )
    if size > MAX_DATA:
        errors.append(field_too_long("", MAX_DATA))
    return errors


def _secret(obj: Object) -> list[FieldError]:
    data = obj.get("data") or {}
    errors = _keys(data, "data")
    if sum(len(value) * 3 // 4 for value in data.values()) > MAX_DATA:
        errors.append(field_too_long("data", MAX_DATA))
    kind = obj.get("type", "Opaque")
    errors += [field_required(f"data[{key}]") for key in _NEEDED_KEYS.get(kind, ()) if key not in data]
    if kind == "kubernetes.io/dockerconfigjson" and ".dockerconfigjson" in data:
        try:
            json.loads(base64.b64decode(data[".dockerconfigjson"]))
        except ValueError as error:
            errors.append(field_invalid("data[.dockerconfigjson]", "<secret contents redacted>", str(error)))
    if kind == "kubernetes.io/basic-auth" and not ({"username", "password"} & set(data)):
        errors += [field_required("data[username]"), field_required("data[password]")]
    if kind == "kubernetes.io/service-account-token":
        annotations = obj["metadata"].get("annotations") or {}
        if not annotations.get("kubernetes.io/service-account.name"):
            errors.append(field_required("metadata.annotations[kubernetes.io/service-account.name]"))
    return errors


def _frozen(new: Object, old: Object) -> list[FieldError]:
    if not old.get("immutable"):
        return []
    errors = []
    if not new.get("immutable"):
        errors.append(field_forbidden("immutable", "field is immutable when `immutable` is set"))
    errors += [
        field_forbidden(field, "field is immutable when `immutable` is set")
        for field in ("data", "binaryData")
        if new.get(field) != old.get(field)
    ]
    return errors


def _secret_update(new: Object, old: Object) -> list[FieldError]:
    return immutable(new.get("type"), old.get("type"), "type") + _frozen(new, old)


def _claim(obj: Object) -> list[FieldError]:
    spec = obj.get("spec") or {}
    errors = _modes(spec, "at least 1 access mode is required")
    requests = dig(spec, "resources", "requests") or {}
    if "storage" not in requests:
        errors.append(field_required("spec.resources[storage]"))
    errors += resource_list(requests, "spec.resources.requests")
    if requests.get("storage") and _amount(requests["storage"]) == 0:
        errors.append(
            field_invalid("spec.resources[storage]", requests["storage"], "must be greater than zero")
        )
    return errors


def _modes(spec: Object, why: str) -> list[FieldError]:
    modes = spec.get("accessModes") or []
    if not modes:
        return [field_required("spec.accessModes", why)]
    return [error for mode in modes for error in one_of(mode, "spec.accessModes", _MODES)]


def _amount(text: object) -> float:
    try:
        return float(parse_quantity(str(text)).amount)
    except QuantityError:
        return -1.0


def _volume(obj: Object) -> list[FieldError]:
    spec = obj.get("spec") or {}
    errors = _modes(spec, "")
    if not spec.get("capacity"):
        errors.append(field_required("spec.capacity"))
    return errors + resource_list(spec.get("capacity"), "spec.capacity")


def _claim_update(new: Object, old: Object) -> list[FieldError]:
    before, after = old["spec"], new["spec"]
    mutable = ("resources", "volumeName", "volumeAttributesClassName")
    rest_before, rest_after = without(before, *mutable), without(after, *mutable)
    if before.get("storageClassName") is None:
        rest_before.pop("storageClassName", None)
        rest_after.pop("storageClassName", None)
    errors = []
    changed_volume = before.get("volumeName") and after.get("volumeName") != before["volumeName"]
    if rest_before != rest_after or changed_volume:
        errors.append(
            field_forbidden(
                "spec",
                "spec is immutable after creation except resources.requests and "
                "volumeAttributesClassName for bound "
                "claims",
            )
        )
    was, now = (_amount(dig(each, "resources", "requests", "storage") or 0) for each in (before, after))
    if now < was:
        errors.append(
            field_forbidden("spec.resources.requests.storage", "field can not be less than status.capacity")
        )
    return errors


CHECKS = {
    ("", "ConfigMap"): _config_map,
    ("", "Secret"): _secret,
    ("", "PersistentVolumeClaim"): _claim,
    ("", "PersistentVolume"): _volume,
}
UPDATE_CHECKS = {
    ("", "ConfigMap"): _frozen,
    ("", "Secret"): _secret_update,
    ("", "PersistentVolumeClaim"): _claim_update,
}
