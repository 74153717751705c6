"""Objects for the tests of the schema, and what is said of them."""

from __future__ import annotations

from typing import Any

from portal.policy.schema import check


def messages(document: Any) -> list[str]:
    return [problem.message for problem in check(document)]


def paths(document: Any) -> list[str]:
    return [problem.path for problem in check(document)]


def cannot(json_type: str, field: str, go_type: str) -> str:
    return f"json: cannot unmarshal {json_type} into Go struct field {field} of type {go_type}"


def pod(container: Any = None, **spec: Any) -> dict[str, Any]:
    containers = [{"name": "web", "image": "web", **(container or {})}]
    metadata = {"name": "p"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": {"containers": containers, **spec},
    }


def secret(**fields: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, **fields}


def service(*ports: Any, **spec: Any) -> dict[str, Any]:
    metadata = {"name": "s"}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata,
        "spec": {"ports": list(ports), **spec},
    }


def definition(schema: Any) -> dict[str, Any]:
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"kind": "Goose", "plural": "geese"}
    spec = {"group": "farm.example.com", "names": names, "scope": "Namespaced", "versions": [version]}
    metadata = {"name": "geese.farm.example.com"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": metadata,
        "spec": spec,
    }
