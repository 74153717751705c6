"""A custom resource against its structural schema: defaults, values, and the complaints of the API server."""

from __future__ import annotations

import re
from typing import Any

from portal.policy.schema.types import Node
from portal.sandbox.objects import Object, clone, encode
from portal.sandbox.statuses import (
    FieldError,
    field_duplicate,
    field_invalid,
    field_required,
    field_type,
    field_unsupported,
)

_NAMES = {dict: "object", list: "array", str: "string", bool: "boolean", int: "integer", float: "number"}
_METADATA = frozenset({"apiVersion", "kind", "metadata"})


def with_defaults(node: Node, value: Object) -> Object:
    """`value` with the schema's defaults filled in (in place), below what is there."""
    _default(node, value)
    return value


def _default(node: Node, value: Any) -> None:
    if isinstance(value, dict):
        for name, child in node.fields.items():
            schema = child.schema
            if "default" in schema and (
                name not in value or (value[name] is None and not schema.get("nullable"))
            ):
                value[name] = clone(schema["default"])
            elif name in value and value[name] is None and schema and not schema.get("nullable"):
                # a null where none is allowed is as good as absent
                del value[name]
        for name, each in value.items():
            _default(node.child(name), each)
    elif isinstance(value, list) and node.element is not None:
        for each in value:
            _default(node.element, each)


def check(node: Node, new: Object, old: Object | None, subresource: str = "") -> list[FieldError]:
    """Everything that the schema has against `new`, deepest messages as kube-openapi words them."""
    if subresource == "status":
        if "status" not in new or "status" not in node.fields:
            return []
        return _check(node.fields["status"], new["status"], "status")
    found = _check_members(node, new, "", skip=_METADATA)
    return found + _required(node.schema, new, "")


def _required(schema: Any, value: Object, path: str) -> list[FieldError]:
    return [
        field_required(f"{path}.{name}".lstrip("."))
        for name in schema.get("required") or ()
        if name not in value
    ]


def _check_members(
    node: Node, value: Object, path: str, skip: frozenset[str] = frozenset()
) -> list[FieldError]:
    errors = []
    for name, each in value.items():
        if name not in skip:
            errors += _check(node.child(name), each, f"{path}.{name}".lstrip("."))
    return errors


def _check(node: Node, value: Any, path: str) -> list[FieldError]:
    schema = node.schema
    if not schema:
        return []
    if value is None:
        if schema.get("nullable"):
            return []
        return [_wrong_type(schema, value, path)] if schema.get("type") else []
    if not _has_type(schema, value):
        return [_wrong_type(schema, value, path)]
    errors = []
    if isinstance(value, dict):
        errors += (
            _required(schema, value, path) + _check_members(node, value, path) + _sizes(schema, value, path)
        )
    elif isinstance(value, list):
        errors += _check_list(node, value, path)
    elif isinstance(value, str):
        errors += _check_text(schema, value, path)
    elif not isinstance(value, bool):
        errors += _check_number(schema, value, path)
    if "enum" in schema and value not in schema["enum"]:
        errors.append(field_unsupported(path, value, [str(each) for each in schema["enum"]]))
    return errors + _check_combined(schema, value, path)


def _has_type(schema: Any, value: Any) -> bool:
    if schema.get("x-kubernetes-int-or-string"):
        return isinstance(value, (int, str)) and not isinstance(value, bool)
    kind = schema.get("type")
    if not kind:
        return True
    if kind == "integer":
        return (isinstance(value, int) and not isinstance(value, bool)) or (
            isinstance(value, float) and value.is_integer()
        )
    if kind == "number":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return bool(_NAMES.get(type(value)) == kind)


def _wrong_type(schema: Any, value: Any, path: str) -> FieldError:
    wanted = schema.get("type") or "integer,string"
    name = "null" if value is None else _NAMES.get(type(value), "object")
    return field_type(path, name, f'{path} in body must be of type {wanted}: "{name}"')


def _check_number(schema: Any, value: float, path: str) -> list[FieldError]:
    errors = []
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and (value <= low if schema.get("exclusiveMinimum") else value < low):
        than = "greater than" if schema.get("exclusiveMinimum") else "greater than or equal to"
        errors.append(field_invalid(path, value, f"{path} in body should be {than} {low}"))
    if high is not None and (value >= high if schema.get("exclusiveMaximum") else value > high):
        than = "less than" if schema.get("exclusiveMaximum") else "less than or equal to"
        errors.append(field_invalid(path, value, f"{path} in body should be {than} {high}"))
    multiple = schema.get("multipleOf")
    if multiple and value % multiple:
        errors.append(field_invalid(path, value, f"{path} in body should be a multiple of {multiple}"))
    return errors


def _check_text(schema: Any, value: str, path: str) -> list[FieldError]:
    errors = []
    shortest, longest, pattern = schema.get("minLength"), schema.get("maxLength"), schema.get("pattern")
    if longest is not None and len(value) > longest:
        errors.append(
            FieldError("FieldValueTooLong", path, f"Too long: may not be more than {longest} bytes")
        )
    if shortest is not None and len(value) < shortest:
        errors.append(field_invalid(path, value, f"{path} in body should be at least {shortest} chars long"))
    if pattern and not re.search(pattern, value):
        errors.append(field_invalid(path, value, f"{path} in body should match '{pattern}'"))
    return errors


def _check_list(node: Node, value: list[Any], path: str) -> list[FieldError]:
    schema = node.schema
    errors = []
    fewest, most = schema.get("minItems"), schema.get("maxItems")
    if most is not None and len(value) > most:
        errors.append(
            FieldError("FieldValueTooMany", path, f"Too many: {len(value)}: must have at most {most} items")
        )
    if fewest is not None and len(value) < fewest:
        errors.append(field_invalid(path, len(value), f"{path} in body should have at least {fewest} items"))
    seen: set[str] = set()
    for index, each in enumerate(value):
        if node.element is not None:
            errors += _check(node.element, each, f"{path}[{index}]")
        identity = _identity(node, each)
        if identity is not None and encode(identity) in seen:
            errors.append(field_duplicate(f"{path}[{index}]", identity))
        seen.add(encode(identity))
    return errors


def _identity(node: Node, value: Any) -> Any:
    if node.is_set or node.schema.get("uniqueItems"):
        return value
    if node.keys and isinstance(value, dict):
        return {key: value.get(key) for key in node.keys}
    return None


def _sizes(schema: Any, value: Object, path: str) -> list[FieldError]:
    most, fewest = schema.get("maxProperties"), schema.get("minProperties")
    errors = []
    if most is not None and len(value) > most:
        errors.append(
            FieldError("FieldValueTooMany", path, f"Too many: {len(value)}: must have at most {most} items")
        )
    if fewest is not None and len(value) < fewest:
        errors.append(
            field_invalid(path, len(value), f"{path} in body should have at least {fewest} properties")
        )
    return errors


def _check_combined(schema: Any, value: Any, path: str) -> list[FieldError]:
    """allOf, anyOf, oneOf and not, which in structural schemas only judge values."""
    errors = []
    for part in schema.get("allOf") or ():
        errors += _judge(part, value, path)
    anything = schema.get("anyOf")
    if anything and all(_judge(part, value, path) for part in anything):
        errors.append(
            field_invalid(path, encode(value), f"{path} in body must validate at least one schema (anyOf)")
        )
    one = schema.get("oneOf")
    if one and sum(not _judge(part, value, path) for part in one) != 1:
        errors.append(
            field_invalid(
                path, encode(value), f"{path} in body must validate one and only one schema (oneOf)"
            )
        )
    if schema.get("not") and not _judge(schema["not"], value, path):
        errors.append(
            field_invalid(path, encode(value), f"{path} in body must not validate the schema (not)")
        )
    return errors


def _judge(schema: Any, value: Any, path: str) -> list[FieldError]:
    if not _has_type(schema, value):
        return [_wrong_type(schema, value, path)]
    errors: list[FieldError] = []
    if isinstance(value, dict):
        errors += _required(schema, value, path)
        for name, part in (schema.get("properties") or {}).items():
            if name in value:
                errors += _judge(part, value[name], f"{path}.{name}".lstrip("."))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            errors += _judge(schema.get("items") or {}, each, f"{path}[{index}]")
    elif isinstance(value, str):
        errors += _check_text(schema, value, path)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        errors += _check_number(schema, value, path)
    if "enum" in schema and value not in schema["enum"]:
        errors.append(field_unsupported(path, value, [str(each) for each in schema["enum"]]))
    return errors + _check_combined(schema, value, path)
