"""Custom resources, held against the definitions that the sandbox's addons bring."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jsonschema import Draft7Validator

from portal.sandbox import addons

META = {"apiVersion", "kind", "metadata"}
SCHEMAS = {
    (f"{spec['group']}/{version['name']}", spec["names"]["kind"]): version["schema"]
    for name in addons.known()
    for definition in addons.documents(name)
    if definition["kind"] == addons.DEFINITION
    for spec in [definition["spec"]]
    for version in spec["versions"]
}


def is_custom(document: dict[str, Any]) -> bool:
    return (document["apiVersion"], document["kind"]) in SCHEMAS


def problems(document: dict[str, Any]) -> list[str]:
    """What an API server with `fieldValidation=Strict` would refuse."""
    schema = SCHEMAS[document["apiVersion"], document["kind"]]["openAPIV3Schema"]
    body = {key: value for key, value in document.items() if key not in META}
    wrong = [error.message for error in Draft7Validator(schema).iter_errors(body)]
    return wrong + [f"unknown field {path}" for path in _unknown(body, schema, "")]


def _unknown(value: Any, schema: dict[str, Any], path: str) -> Iterator[str]:
    if schema.get("x-kubernetes-preserve-unknown-fields"):
        return
    if isinstance(value, list):
        for entry in value:
            yield from _unknown(entry, schema.get("items", {}), path)
    if isinstance(value, dict):
        for key, entry in value.items():
            known = schema.get("properties", {}).get(key, schema.get("additionalProperties"))
            if known is None:
                yield f"{path}.{key}"
            elif isinstance(known, dict):
                yield from _unknown(entry, known, f"{path}.{key}")
