"""From what a client sent to what the server works with: checked types, known fields, defaults."""

from __future__ import annotations

from typing import Any

from portal.policy.defaults import apply_defaults
from portal.policy.schema.definitions import OBJECT_META
from portal.policy.schema.types import Node, built_in, by_name
from portal.policy.schema.values import Wrong, json_type, quoted, why_wrong
from portal.sandbox import bodies, conversions, crdschema
from portal.sandbox.contexts import FieldValidation
from portal.sandbox.objects import Object
from portal.sandbox.resources import Resource, Resources
from portal.sandbox.statuses import FieldError, bad_request

# Go's name of a struct, and the path of the field in it
_Place = tuple[str, str]
# whole numbers that are no pointers in Go: nought is as good as absent
_NO_NOUGHT = {
    "DeploymentSpec": {"minReadySeconds"},
    "ReplicaSetSpec": {"minReadySeconds"},
    "StatefulSetSpec": {"minReadySeconds"},
    "DaemonSetSpec": {"minReadySeconds"},
    "ReplicationControllerSpec": {"minReadySeconds"},
    "ContainerPort": {"hostPort"},
    "ServicePort": {"nodePort"},
    "Probe": {"initialDelaySeconds"},
    "DeploymentStatus": {
        "observedGeneration", "replicas", "updatedReplicas", "readyReplicas", "availableReplicas",
        "unavailableReplicas",
    },
    "ReplicaSetStatus": {"fullyLabeledReplicas", "readyReplicas", "availableReplicas", "observedGeneration"},
    "StatefulSetStatus": {"readyReplicas", "currentReplicas", "updatedReplicas", "observedGeneration"},
    "DaemonSetStatus": {"observedGeneration", "updatedNumberScheduled", "numberAvailable",
    "numberUnavailable"},
    "JobStatus": {"active", "succeeded", "failed"},
}  # fmt: skip


class WrongTypeError(Exception):
    """A value that Go could not have decoded; the text is Go's."""


class Decoder:
    """Knows the type of every resource. Custom resources' types come and go."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._custom: dict[tuple[str, str, str], Node] = {}

    def register(self, resource: Resource, node: Node) -> None:
        self._custom[resource.gvk] = node

    def unregister(self, resource: Resource) -> None:
        self._custom.pop(resource.gvk, None)

    def schema(self, resource: Resource) -> Node:
        if resource.custom:
            return self._custom[resource.gvk]
        return built_in(*resource.gvk)

    def decode(
        self, resource: Resource, obj: Object, field_validation: FieldValidation, warnings: list[str]
    ) -> Object:
        """A copy with known fields only, defaults filled in, kind and apiVersion first; raises BadRequest."""
        known = self.validate(resource, obj, field_validation, warnings)
        if resource.custom:
            node = self.schema(resource)
            return crdschema.with_defaults(node, known)
        return _first(resource, conversions.defaulted(resource, known, apply_defaults))

    def validate(
        self, resource: Resource, obj: Object, field_validation: FieldValidation, warnings: list[str]
    ) -> Object:
        """A copy with known fields only, each of its type."""
        self._check_kind(resource, obj)
        self.check_metadata(resource, obj)
        walk = _Walk(strict_types=not resource.custom)
        try:
            known = walk.prune(self.schema(resource), obj, "")
            if resource.custom and obj.get("metadata") is not None:
                # read as Go reads it, whatever the schema of the rest
                metadata = by_name(OBJECT_META)
                place = (resource.kind, "metadata")
                known["metadata"] = _Walk(strict_types=True).prune(
                    metadata, obj["metadata"], "metadata", place
                )
        except WrongTypeError as error:
            raise bad_request(f"{_cannot(resource)}: {error}") from error
        if field_validation != "Ignore":
            found = [f"unknown field {quoted(path)}" for path in walk.unknown]
            found += [f"duplicate field {quoted(path)}" for path in bodies.duplicates(obj)]
            if found and field_validation == "Strict":
                raise bad_request(f"{_cannot(resource)}: strict decoding error: {', '.join(found)}")
            warnings.extend(found)
        return _first(resource, known)

    def check_metadata(self, resource: Resource, obj: Object) -> None:
        """Refuse metadata that nothing can be read from; everything else may then rely on its types."""
        metadata = obj.get("metadata")
        if metadata is None:
            return
        try:
            place = (resource.kind, "metadata")
            _Walk(strict_types=True).prune(by_name(OBJECT_META), metadata, "metadata", place)
        except WrongTypeError as error:
            raise bad_request(f"{_cannot(resource)}: {error}") from error

    def check(
        self, resource: Resource, new: Object, old: Object | None, subresource: str = ""
    ) -> list[FieldError]:
        """What a custom resource's schema has against `new`."""
        if not resource.custom:
            return []
        return crdschema.check(self.schema(resource), new, old, subresource)

    def _check_kind(self, resource: Resource, obj: Object) -> None:
        """The path says what is missing; a body that says something else is refused."""
        kind = obj.get("kind") or resource.kind
        api_version = obj.get("apiVersion") or resource.group_version
        if (kind, api_version) == (resource.kind, resource.group_version):
            return
        version = str(api_version).rpartition("/")[2]
        raise bad_request(
            f'{kind} in version "{version}" cannot be handled as a {resource.kind}: converting '
            f"({version}.{kind}) to ({_internal(resource)}.{resource.kind}): unknown conversion"
        )


def _internal(resource: Resource) -> str:
    return resource.group.split(".")[0] or "core"


def _cannot(resource: Resource) -> str:
    return f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}'


def _first(resource: Resource, obj: Object) -> Object:
    """Kind and apiVersion lead: readers expect it, and lists cut them off."""
    rest = {key: value for key, value in obj.items() if key not in ("kind", "apiVersion")}
    return {"kind": resource.kind, "apiVersion": resource.group_version, **rest}


class _Walk:
    """One pass over a document; collects the unknown fields."""

    def __init__(self, *, strict_types: bool) -> None:
        self.unknown: list[str] = []
        self._strict_types = strict_types

    def prune(self, node: Node, value: Any, path: str, place: _Place = ("", "")) -> Any:
        if node.kind == "map" and (isinstance(value, dict) or self._strict_types):
            return self._map(node, value, path, place)
        if node.kind == "list" and (isinstance(value, list) or self._strict_types):
            return self._list(node, value, path, place)
        if node.kind == "scalar":
            wrong = why_wrong(node, value) if self._strict_types else None
            if wrong is not None:
                raise WrongTypeError(wrong.said(*place))
            return value
        if node.union is not None and isinstance(value, dict):
            return self._map(node.union, value, path, place)
        if node.union is not None and isinstance(value, list):
            return [self.prune(node, each, f"{path}[{index}]", place) for index, each in enumerate(value)]
        return _copy(value)

    def _map(self, node: Node, value: Any, path: str, place: _Place) -> Any:
        if not isinstance(value, dict):
            raise _wrong(value, node, place)
        no_nought = _NO_NOUGHT.get(node.struct, ()) if self._strict_types else ()
        result = {}
        for key, each in value.items():
            if each == 0 and key in no_nought and each is not False:
                continue
            child = node.fields.get(key) or node.element
            below = f"{path}.{key}" if path else key
            if child is None:
                if node.preserve:
                    result[key] = _copy(each)
                else:
                    self.unknown.append(below)
            elif each is not None:
                # keys of maps are no part of what Go says
                inside = (node.struct, f"{place[1]}.{key}".lstrip(".")) if key in node.fields else place
                result[key] = self.prune(child, each, below, inside)
            elif key not in node.fields and child.format == "string":
                # Go's zero value, where a key of the author's own has none
                result[key] = ""
            elif not self._strict_types:
                result[key] = None
        return result

    def _list(self, node: Node, value: Any, path: str, place: _Place) -> Any:
        element = node.element
        if not isinstance(value, list):
            raise _wrong(value, node, place)
        if element is None:
            return _copy(value)
        return [
            self.prune(element, each, f"{path}[{index}]", place)
            for index, each in enumerate(value)
            if each is not None or not self._strict_types
        ]


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_copy(each) for each in value]
    return value


def _wrong(value: Any, node: Node, place: _Place) -> WrongTypeError:
    return WrongTypeError(Wrong(json=json_type(value), go=node.go_type).said(*place))
