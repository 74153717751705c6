"""Names, labels and annotations: what the API server accepts, and its words for what it does not."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from portal.sandbox.objects import Object, encode
from portal.sandbox.resources import Resource
from portal.sandbox.statuses import FieldError, field_forbidden, field_invalid, field_required, field_too_long

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_LABEL_1035 = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_QUALIFIED = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
_LABEL_VALUE = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")

LABEL_RULE = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must "
    "start and end "
    "with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
LABEL_1035_RULE = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an "
    "alphabetic character, "
    "and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is "
    "'[a-z]([-a-z0-9]*[a-z0-9])?')"
)
SUBDOMAIN_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', "
    "and must start "
    "and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
QUALIFIED_RULE = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with "
    "an alphanumeric "
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
VALUE_RULE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', "
    "and must start "
    "and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used "
    "for validation "
    "is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
MAX_ANNOTATIONS = 256 * 1024


def label(name: str) -> list[str]:
    return _judge(name, _LABEL, LABEL_RULE, 63)


def label_1035(name: str) -> list[str]:
    return _judge(name, _LABEL_1035, LABEL_1035_RULE, 63)


def subdomain(name: str) -> list[str]:
    return _judge(name, _SUBDOMAIN, SUBDOMAIN_RULE, 253)


def path_segment(name: str) -> list[str]:
    """RBAC's names: anything that can stand in a path."""
    if name in (".", ".."):
        return [f"may not be '{name}'"]
    return [f"may not contain '{each}'" for each in ("/", "%") if each in name]


def _judge(name: str, pattern: re.Pattern[str], rule: str, longest: int) -> list[str]:
    found = [] if len(name) <= longest else [f"must be no more than {longest} bytes"]
    return found if pattern.fullmatch(name) else [*found, rule]


_LABELS = {("", "Namespace")}
_LABELS_1035: set[tuple[str, str]] = {("", "Service")}


def rule_for(resource: Resource) -> Callable[[str], list[str]]:
    key = (resource.group, resource.kind)
    if key in _LABELS:
        return label
    if key in _LABELS_1035:
        return label_1035
    return path_segment if resource.group.startswith("rbac.") else subdomain


def shown(obj: Object) -> str:
    metadata = obj["metadata"]
    return str(metadata.get("name") or "")


def check_metadata(resource: Resource, obj: Object, old: Object | None = None) -> list[FieldError]:
    """Name, namespace, labels, annotations, finalizers, owners; on update also what cannot change."""
    metadata = obj["metadata"]
    errors = []
    if old is None:
        errors += _check_name(resource, metadata)
    errors += check_labels(metadata.get("labels"), "metadata.labels")
    errors += _check_annotations(metadata.get("annotations"))
    errors += _check_owners(metadata.get("ownerReferences") or [])
    errors += _check_finalizers(metadata, old)
    return errors


def _check_name(resource: Resource, metadata: Object) -> list[FieldError]:
    name = metadata.get("name") or ""
    if not name:
        return [field_required("metadata.name", "name or generateName is required")]
    return [field_invalid("metadata.name", name, why) for why in rule_for(resource)(name)]


def check_labels(labels: Any, path: str) -> list[FieldError]:
    errors = []
    for key, value in (labels or {}).items():
        errors += check_qualified(key, path)
        if len(value) > 63:
            errors.append(field_invalid(path, value, "must be no more than 63 bytes"))
        if not _LABEL_VALUE.fullmatch(value):
            errors.append(field_invalid(path, value, VALUE_RULE))
    return errors


def check_qualified(key: str, path: str) -> list[FieldError]:
    """A key such as `example.com/name`."""
    prefix, slash, name = key.rpartition("/")
    errors = []
    if slash:
        if not prefix:
            errors.append(field_invalid(path, key, "prefix part must be non-empty"))
        else:
            errors += [field_invalid(path, key, f"prefix part {why}") for why in subdomain(prefix)]
    if not name:
        errors.append(field_invalid(path, key, "name part must be non-empty"))
    elif len(name) > 63:
        errors.append(field_invalid(path, key, "name part must be no more than 63 bytes"))
    if not _QUALIFIED.fullmatch(name):
        errors.append(field_invalid(path, key, QUALIFIED_RULE))
    return errors


def _check_annotations(annotations: Any) -> list[FieldError]:
    errors = []
    size = 0
    for key, value in (annotations or {}).items():
        errors += check_qualified(key.lower(), "metadata.annotations")
        size += len(key) + len(value)
    if size > MAX_ANNOTATIONS:
        errors.append(field_too_long("metadata.annotations", MAX_ANNOTATIONS))
    return errors


def _check_owners(owners: list[Object]) -> list[FieldError]:
    errors = []
    controllers = []
    for index, owner in enumerate(owners):
        path = f"metadata.ownerReferences[{index}]"
        for field in ("apiVersion", "kind", "name", "uid"):
            if not owner.get(field):
                errors.append(
                    field_invalid(f"{path}.{field}", owner.get(field, ""), f"{field} must not be empty")
                )
        if owner.get("controller"):
            controllers.append(owner.get("kind", "") + "/" + owner.get("name", ""))
    if len(controllers) > 1:
        errors.append(
            field_invalid(
                "metadata.ownerReferences", encode(owners),
                "Only one reference can have Controller set to true. Found "
                f'"true" in references for {controllers[0]} and {controllers[1]}',
            )
        )  # fmt: skip
    return errors


def _check_finalizers(metadata: Object, old: Object | None) -> list[FieldError]:
    finalizers = metadata.get("finalizers") or []
    errors = []
    for index, finalizer in enumerate(finalizers):
        errors += check_qualified(finalizer, f"metadata.finalizers[{index}]")
    if old is not None and old["metadata"].get("deletionTimestamp"):
        known = old["metadata"].get("finalizers") or []
        added = sorted(set(finalizers) - set(known))
        if added:
            text = ", ".join(added)
            errors.append(
                field_forbidden(
                    "metadata.finalizers",
                    f"no new finalizers can be added if the object is being deleted, found new finalizers "
                    f"[]string{{{text!r}}}".replace("'", '"'),
                )
            )
    return errors
