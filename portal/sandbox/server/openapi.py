"""OpenAPI v3, one document per group and version, from the definitions and from CRDs. With hashes, so
that clients
keep what they have."""

from __future__ import annotations

import hashlib
from typing import Any

from portal.policy.schema.definitions import OBJECT_META, definitions, names_by_kind
from portal.sandbox.crds import CustomResources
from portal.sandbox.objects import Object, encode
from portal.sandbox.resources import Resource, Resources

_VERSION = "v1.36.2"
_OLD_PREFIX, _PREFIX = "#/$defs/", "#/components/schemas/"
_METHODS = {
    "collection": {"list": "get", "create": "post", "deletecollection": "delete"},
    "item": {"get": "get", "update": "put", "patch": "patch", "delete": "delete"},
}
_ACTIONS = {"create": "post", "update": "put"}
_WRITES = ("create", "update", "patch")
_PATCHES = (
    "application/apply-patch+yaml",
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
)
_DELETE_OPTIONS = "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions"
_PATCH_BODY = "io.k8s.apimachinery.pkg.apis.meta.v1.Patch"
_LIST_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta"


class OpenApi:
    """Documents are built when first asked for and forgotten when a CRD comes, goes or changes."""

    def __init__(self, resources: Resources, custom_resources: CustomResources) -> None:
        self._resources = resources
        self._custom_resources = custom_resources
        self._documents: dict[str, str] = {}
        self._hashes: dict[str, str] = {}
        resources.on_change(self._forget)

    def index(self) -> Object:
        """What `/openapi/v3` answers."""
        paths = {}
        for group, version in self._resources.group_versions():
            path = _path(group, version)
            paths[path] = {"serverRelativeURL": f"/openapi/v3/{path}?hash={self.digest(path)}"}
        return {"paths": dict(sorted(paths.items()))}

    def digest(self, path: str) -> str:
        """Changes with the document."""
        if path not in self._hashes:
            custom = [self._custom_resources.version(each) for each in self._in(path) if each.custom]
            names = [f"{each.plural}:{each.kind}" for each in self._in(path)]
            text = encode([_VERSION, path, names, custom])
            self._hashes[path] = hashlib.sha512(text.encode()).hexdigest().upper()
        return self._hashes[path]

    def document(self, path: str) -> str | None:
        """The document of `api/v1`, `apis/apps/v1` … as JSON text; None for what is not served."""
        found = self._in(path)
        if not found:
            return None
        if path not in self._documents:
            self._documents[path] = encode(self._build(found))
        return self._documents[path]

    def _forget(self) -> None:
        self._documents.clear()
        self._hashes.clear()

    def _in(self, path: str) -> list[Resource]:
        parts = path.split("/")
        if parts[0] == "api" and len(parts) == 2:
            return self._resources.in_version("", parts[1])
        if parts[0] == "apis" and len(parts) == 3:
            return self._resources.in_version(parts[1], parts[2])
        return []

    def _build(self, resources: list[Resource]) -> Object:
        components: Object = {}
        paths: Object = {}
        for resource in resources:
            name = self._schema(resource, components)
            if name:
                paths.update(_paths(resource, name))
        for extra in (_DELETE_OPTIONS, _PATCH_BODY):
            _include(extra, components)
        return {
            "openapi": "3.0.0",
            "info": {"title": "Kubernetes", "version": _VERSION},
            "paths": paths,
            "components": {"schemas": components},
        }

    def _schema(self, resource: Resource, components: Object) -> str:
        """Add a resource's types; the name of its own."""
        if not resource.custom:
            found = names_by_kind().get(resource.gvk, "")
            if found:
                _include(found, components)
                listed = names_by_kind().get((resource.group, resource.version, resource.list_kind))
                if listed:
                    _include(listed, components)
            return found
        return self._custom_schema(resource, components)

    def _custom_schema(self, resource: Resource, components: Object) -> str:
        version = self._custom_resources.version(resource)
        name = ".".join([*reversed(resource.group.split(".")), resource.version, resource.kind])
        own: Object = dict((version.get("schema") or {}).get("openAPIV3Schema") or {"type": "object"})
        gvk = {"group": resource.group, "version": resource.version, "kind": resource.kind}
        meta = definitions()["io.k8s.api.core.v1.ConfigMap"]["properties"]
        own["properties"] = {
            "apiVersion": {"type": "string", "description": meta["apiVersion"]["description"]},
            "kind": {"type": "string", "description": meta["kind"]["description"]},
            **(own.get("properties") or {}),
            "metadata": {"allOf": [{"$ref": f"{_PREFIX}{OBJECT_META}"}],
                         "description": meta["metadata"]["description"]},
        }  # fmt: skip
        components[name] = {**own, "x-kubernetes-group-version-kind": [gvk]}
        components[f"{name}List"] = {
            "type": "object",
            "required": ["items"],
            "properties": {
                "apiVersion": {"type": "string"},
                "kind": {"type": "string"},
                "metadata": {"$ref": f"{_PREFIX}{_LIST_META}"},
                "items": {"type": "array", "items": {"$ref": f"{_PREFIX}{name}"}},
            },
            "x-kubernetes-group-version-kind": [{**gvk, "kind": resource.list_kind}],
        }
        for each in (OBJECT_META, _LIST_META):
            _include(each, components)
        return name


def _path(group: str, version: str) -> str:
    return f"apis/{group}/{version}" if group else f"api/{version}"


def _include(name: str, components: Object) -> None:
    """Add a definition and all that it refers to."""
    if name in components or name not in definitions():
        return
    components[name] = {}
    components[name] = _converted(definitions()[name], components)


def _converted(definition: Any, components: Object) -> Any:
    """From the JSON schema form of the definitions to OpenAPI v3."""
    if isinstance(definition, list):
        return [_converted(each, components) for each in definition]
    if not isinstance(definition, dict):
        return definition
    result: Object = {}
    for key, value in definition.items():
        if key == "$ref":
            name = value.removeprefix(_OLD_PREFIX)
            _include(name, components)
            result[key] = f"{_PREFIX}{name}"
        elif key == "type" and isinstance(value, list):
            result[key] = next(each for each in value if each != "null")
        elif key == "properties":
            result[key] = {name: _property(name, each, components) for name, each in value.items()}
        elif isinstance(value, (dict, list)) and not key.startswith("x-") and key not in ("required", "enum"):
            result[key] = _converted(value, components)
        else:
            result[key] = value
    if "$ref" in result and len(result) > 1:
        reference = result.pop("$ref")
        return {"allOf": [{"$ref": reference}], **result}
    return result


def _property(name: str, value: Any, components: Object) -> Any:
    converted = _converted(value, components)
    if name in ("apiVersion", "kind") and isinstance(converted, dict):
        converted.pop("enum", None)
    return converted


def _parameter(name: str, kind: str = "string") -> Object:
    return {"name": name, "in": "query", "schema": {"type": kind, "uniqueItems": True}}


_WRITE_PARAMETERS = [_parameter(name) for name in ("dryRun", "fieldManager", "fieldValidation")]
_LIST_PARAMETERS = [
    _parameter(name, kind)
    for name, kind in (
        ("allowWatchBookmarks", "boolean"), ("continue", "string"), ("fieldSelector", "string"),
        ("labelSelector", "string"), ("limit", "integer"), ("resourceVersion", "string"),
        ("resourceVersionMatch", "string"), ("sendInitialEvents", "boolean"), ("timeoutSeconds", "integer"),
        ("watch", "boolean"),
    )
]  # fmt: skip


def _paths(resource: Resource, name: str) -> Object:
    namespace = "{namespace}" if resource.namespaced else ""
    found: Object = {}
    collection = _operations(resource, name, "collection")
    if collection:
        found[resource.path(namespace)] = {**collection, **_path_parameters(resource, item=False)}
        if resource.namespaced and "list" in resource.verbs:
            found[resource.path()] = {"get": collection["get"]} if "get" in collection else {}
    item = _operations(resource, name, "item")
    if item:
        found[resource.path(namespace, "{name}")] = {**item, **_path_parameters(resource, item=True)}
    for each in resource.subresources.values():
        below = f"{resource.path(namespace, '{name}')}/{each.name}"
        kind = each.kind or resource.kind
        gvk = {
            "group": each.group or resource.group,
            "version": each.version or resource.version,
            "kind": kind,
        }
        operations = {
            ("post" if verb == "create" else "put" if verb == "update" else verb): _operation(verb, gvk, name)
            for verb in each.verbs
        }
        found[below] = {**operations, **_path_parameters(resource, item=True)}
    return found


def _path_parameters(resource: Resource, *, item: bool) -> Object:
    names = [*(["name"] if item else []), *(["namespace"] if resource.namespaced else [])]
    listed = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "uniqueItems": True}}
        for name in names
    ]
    return {"parameters": listed} if listed else {}


def _operations(resource: Resource, name: str, level: str) -> Object:
    gvk = {"group": resource.group, "version": resource.version, "kind": resource.kind}
    return {
        method: _operation(verb, gvk, name)
        for verb, method in _METHODS[level].items()
        if verb in resource.verbs
    }


def _operation(verb: str, gvk: Object, name: str) -> Object:
    reference = {"schema": {"$ref": f"{_PREFIX}{name}"}}
    operation: Object = {
        "operationId": f"{verb}{gvk['version'].capitalize()}{gvk['kind']}",
        "responses": {"200": {"description": "OK", "content": {"application/json": reference}}},
        "x-kubernetes-action": _ACTIONS.get(verb, verb),
        "x-kubernetes-group-version-kind": gvk,
    }
    if verb in _WRITES:
        operation["parameters"] = list(_WRITE_PARAMETERS)
        if verb == "patch":
            body = {"schema": {"$ref": f"{_PREFIX}{_PATCH_BODY}"}}
            operation["parameters"].append(_parameter("force", "boolean"))
            operation["requestBody"] = {"required": True, "content": dict.fromkeys(_PATCHES, body)}
        else:
            operation["requestBody"] = {"required": True, "content": {"application/json": reference}}
    elif verb in ("list", "deletecollection"):
        operation["parameters"] = list(_LIST_PARAMETERS)
    elif verb == "delete":
        operation["parameters"] = [_parameter(each) for each in ("dryRun", "propagationPolicy")]
    return operation
