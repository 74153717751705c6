"""Types of the built-in kinds and of custom resources, compiled from their OpenAPI definitions.

A Node is what the walkers need of a type: its fields, how its lists and maps merge, its Go names for
messages.
Definitions compile when first asked for; recursion (JSONSchemaProps) ends in the same Node.
"""

from __future__ import annotations

from functools import cache
from threading import RLock
from typing import Any, Literal

from portal.policy.schema import go_names
from portal.policy.schema.definitions import META, PREFIX, Definition, definitions, names_by_kind

Kind = Literal["map", "list", "scalar", "any"]

# fields that are structs, not pointers, in Go: an empty object has them, so nobody comes to own them
_INLINE = {
    "DeploymentSpec": ("template", "strategy"),
    "ReplicaSetSpec": ("template",),
    "StatefulSetSpec": ("template", "updateStrategy"),
    "DaemonSetSpec": ("template", "updateStrategy"),
    "JobSpec": ("template",),
    "CronJobSpec": ("jobTemplate",),
    "JobTemplateSpec": ("metadata", "spec"),
    "PodTemplateSpec": ("metadata", "spec"),
    "PodTemplate": ("template",),
    "PersistentVolumeClaimSpec": ("resources",),
    "HorizontalPodAutoscalerSpec": ("scaleTargetRef",),
    "RoleBinding": ("roleRef",),
    "ClusterRoleBinding": ("roleRef",),
    "ServiceStatus": ("loadBalancer",),
    "IngressStatus": ("loadBalancer",),
    "NetworkPolicySpec": ("podSelector",),
    "CustomResourceDefinitionSpec": ("names",),
    "CustomResourceDefinitionStatus": ("acceptedNames",),
    "Event": ("involvedObject", "source"),
    "NodeStatus": ("daemonEndpoints", "nodeInfo"),
    "VolumeAttachmentSpec": ("source",),
    "Eviction": (),
}
# list-map keys that the API server fills in before it looks an item up
_KEY_DEFAULTS = {"protocol": "TCP"}
_ATOMIC_ANY = {
    "io.k8s.apimachinery.pkg.runtime.RawExtension",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON",
    f"{META}FieldsV1",
}
# either a schema, or an array of them, or a boolean
_SCHEMA = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps"
_SCHEMA_UNIONS = {f"{_SCHEMA}OrArray", f"{_SCHEMA}OrBool", f"{_SCHEMA}OrStringArray"}
_SPECIAL = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": ("quantity", "resource.Quantity"),
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": ("intOrString", "intstr.IntOrString"),
    f"{META}Time": ("time", "v1.Time"),
    f"{META}MicroTime": ("microTime", "v1.MicroTime"),
}


class Node:
    """One type. For maps: `fields` (a struct) or `element` (free keys), or both for custom resources."""

    __slots__ = (
        "atomic", "definition", "element", "fields", "format", "go", "inline", "is_set", "keys", "kind",
        "merge_key", "preserve", "required", "schema", "strategy", "union",
    )  # fmt: skip

    def __init__(self, kind: Kind) -> None:
        self.kind: Kind = kind
        self.fields: dict[str, Node] = {}
        self.element: Node | None = None
        self.atomic = False
        self.is_set = False
        self.keys: tuple[str, ...] = ()
        # strategic merge: how a list or map is patched, and by which key
        self.strategy: tuple[str, ...] = ()
        self.merge_key = ""
        # Go's name of a struct ("v1.PodSpec") or scalar ("int32")
        self.go = ""
        self.format = ""
        # the name of the definition it comes from
        self.definition = ""
        self.inline: frozenset[str] = frozenset()
        # what the definition says must be there
        self.required: tuple[str, ...] = ()
        # unknown fields are kept (custom resources)
        self.preserve = False
        self.schema: Definition = {}
        # for "any": the type of its objects, which may also come in an array
        self.union: Node | None = None

    @property
    def is_struct(self) -> bool:
        return bool(self.fields)

    @property
    def struct(self) -> str:
        """Go's name of a struct without its package: "PodSpec"."""
        return self.go.rpartition(".")[2]

    @property
    def go_type(self) -> str:
        """Go's name of any type: "v1.PodSpec", "[]v1.Container", "map[string]string"."""
        if self.go or self.element is None:
            return self.go
        if self.kind == "list":
            return f"[]{self.element.go_type}"
        # a map of quantities has a name of its own
        return (
            "v1.ResourceList" if self.element.format == "quantity" else f"map[string]{self.element.go_type}"
        )

    @property
    def is_associative(self) -> bool:
        return self.kind == "list" and not self.atomic

    def child(self, key: str) -> Node:
        """The type of a map's entry."""
        return self.fields.get(key) or self.element or ANY

    def key_default(self, key: str) -> Any:
        return _KEY_DEFAULTS.get(key)


def _any(*, atomic: bool = False) -> Node:
    node = Node("any")
    node.atomic, node.preserve = atomic, True
    return node


ANY = _any()
ATOMIC_ANY = _any(atomic=True)


_compiled: dict[str, Node] = {}
# a type that is being compiled is known by name before it is complete
_compiling = RLock()


@cache
def built_in(group: str, version: str, kind: str) -> Node:
    """The type of a built-in kind; untyped when the definitions lack it."""
    name = names_by_kind().get((group, version, kind))
    if name is None:
        return ANY
    with _compiling:
        node = _by_name(name)
        node.inline = node.inline | {"metadata", "spec", "status"}
    return node


def by_name(name: str) -> Node:
    """The type of a definition, compiled once."""
    with _compiling:
        return _by_name(name)


def _by_name(name: str) -> Node:
    node = _compiled.get(name)
    if node is not None:
        return node
    if name in _ATOMIC_ANY:
        return ATOMIC_ANY
    if name in _SCHEMA_UNIONS:
        node = _compiled[name] = _any(atomic=True)
        node.definition = name
        node.union = _by_name(_SCHEMA)
        return node
    special = _SPECIAL.get(name)
    if special:
        node = Node("scalar")
        node.format, node.go = special
        _compiled[name] = node
        return node
    node = _compiled[name] = Node("any")
    package, short = name.rsplit(".", 2)[-2:]
    _fill(node, definitions()[name])
    node.definition, node.go = name, f"{package}.{short}"
    node.inline = frozenset(_INLINE.get(short, ()))
    for field, child in node.fields.items():
        text = child.element if child.kind == "list" and child.element else child
        if text.format == "string":
            text.go = go_names.STRING_TYPES.get(f"{short}.{field}", text.go)
    return node


def _compile(definition: Definition) -> Node:
    reference = definition.get("$ref")
    if reference is None:
        node = Node("any")
        _fill(node, definition)
        return node
    target = _by_name(reference.removeprefix(PREFIX))
    if not any(key.startswith("x-kubernetes-") for key in definition):
        return target
    node = Node(target.kind)
    for slot in Node.__slots__:
        setattr(node, slot, getattr(target, slot))
    _extensions(node, definition)
    return node


def _fill(node: Node, definition: Definition) -> None:
    kinds = definition.get("type") or ()
    kind = kinds if isinstance(kinds, str) else next((each for each in kinds if each != "null"), "")
    if kind == "object":
        node.kind = "map"
        node.required = tuple(definition.get("required") or ())
        node.fields = {name: _compile(each) for name, each in (definition.get("properties") or {}).items()}
        additional = definition.get("additionalProperties")
        if isinstance(additional, dict):
            node.element = _compile(additional)
        elif not node.fields:
            node.kind, node.preserve, node.atomic = "any", True, True
    elif kind == "array":
        node.kind = "list"
        node.element = _compile(definition["items"])
        node.atomic = True
    elif kind:
        node.kind = "scalar"
        node.format = definition.get("format") or kind
        names = {"integer": definition.get("format", "int64"), "boolean": "bool", "number": "float64"}
        node.go = names.get(kind) or ("[]uint8" if node.format == "byte" else "string")
    _extensions(node, definition)


def _extensions(node: Node, definition: Definition) -> None:
    relation = definition.get("x-kubernetes-list-type")
    if relation:
        node.atomic = relation == "atomic"
        node.is_set = relation == "set"
        node.keys = tuple(definition.get("x-kubernetes-list-map-keys") or ())
    elif node.kind == "list" and definition.get("x-kubernetes-patch-merge-key"):
        # lists that only the strategic merge knows as maps are maps for apply as well
        node.atomic, node.keys = False, (definition["x-kubernetes-patch-merge-key"],)
    if definition.get("x-kubernetes-map-type") == "atomic":
        node.atomic = True
    node.strategy = tuple(filter(None, (definition.get("x-kubernetes-patch-strategy") or "").split(",")))
    node.merge_key = definition.get("x-kubernetes-patch-merge-key") or ""
