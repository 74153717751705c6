"""CustomResourceDefinitions (kubernetes/staging/.../apiextensions/validation)."""

from __future__ import annotations

from typing import Any

from portal.sandbox import names
from portal.sandbox.objects import Object
from portal.sandbox.statuses import FieldError, field_invalid, field_required
from portal.sandbox.validation.common import immutable, one_of

CRD = ("apiextensions.k8s.io", "CustomResourceDefinition")
_TYPES = ("array", "boolean", "integer", "number", "object", "string")


def _definition(obj: Object) -> list[FieldError]:
    spec = obj.get("spec") or {}
    found: Object = spec.get("names") or {}
    name, wanted = obj["metadata"]["name"], f"{found.get('plural', '')}.{spec.get('group', '')}"
    errors = []
    if name != wanted:
        errors.append(field_invalid("metadata.name", name, 'must be spec.names.plural+"."+spec.group'))
    if not spec.get("group"):
        errors.append(field_required("spec.group"))
    elif "." not in spec["group"]:
        errors.append(field_invalid("spec.group", spec["group"], "should be a domain with at least one dot"))
    errors += one_of(spec.get("scope"), "spec.scope", ("Cluster", "Namespaced"))
    for field in ("plural", "singular", "kind", "listKind"):
        value = found.get(field)
        if not value:
            errors.append(field_required(f"spec.names.{field}"))
        else:
            errors += [
                field_invalid(f"spec.names.{field}", value, why) for why in names.label_1035(value.lower())
            ]
    return errors + _versions(spec.get("versions") or [])


def _versions(versions: list[Object]) -> list[FieldError]:
    errors = []
    if sum(bool(each.get("storage")) for each in versions) != 1:
        errors.append(
            field_invalid(
                "spec.versions", versions, "must have exactly one version marked as storage version"
            )
        )
    for index, version in enumerate(versions):
        path = f"spec.versions[{index}]"
        errors += [
            field_invalid(f"{path}.name", version.get("name", ""), why)
            for why in names.label_1035(version.get("name", ""))
        ]
        schema = (version.get("schema") or {}).get("openAPIV3Schema")
        if schema is None:
            errors.append(field_required(f"{path}.schema.openAPIV3Schema", "schemas are required"))
        else:
            errors += _schema(schema, f"{path}.schema.openAPIV3Schema", root=True)
    return errors


def _schema(schema: Any, path: str, *, root: bool = False) -> list[FieldError]:
    """The rules that make a schema structural."""
    errors = []
    kind = schema.get("type")
    untyped = schema.get("x-kubernetes-int-or-string") or schema.get("x-kubernetes-preserve-unknown-fields")
    if root and kind != "object":
        errors.append(field_invalid(f"{path}.type", kind or "", "must be object at the root"))
    elif not kind and not untyped:
        errors.append(field_required(f"{path}.type", "must not be empty for specified object fields"))
    elif kind and kind not in _TYPES:
        errors += one_of(kind, f"{path}.type", _TYPES)
    for name, child in (schema.get("properties") or {}).items():
        if not (root and name in ("metadata", "apiVersion", "kind")):
            errors += _schema(child, f"{path}.properties[{name}]")
    if kind == "array":
        if not isinstance(schema.get("items"), dict):
            errors.append(field_required(f"{path}.items", "must be specified"))
        else:
            errors += _schema(schema["items"], f"{path}.items")
    if isinstance(schema.get("additionalProperties"), dict):
        errors += _schema(schema["additionalProperties"], f"{path}.additionalProperties")
    return errors


def _definition_update(new: Object, old: Object) -> list[FieldError]:
    before, after = old.get("spec") or {}, new.get("spec") or {}
    errors = immutable(after.get("group"), before.get("group"), "spec.group")
    errors += immutable(after.get("scope"), before.get("scope"), "spec.scope")
    for field in ("kind", "plural"):
        was, now = (before.get("names") or {}).get(field), (after.get("names") or {}).get(field)
        errors += immutable(now, was, f"spec.names.{field}")
    return errors


CHECKS = {CRD: _definition}
UPDATE_CHECKS = {CRD: _definition_update}
