"""The variables that an expression of a policy may name, with their types.

As apiserver/pkg/admission/plugin/cel/compile.go declares them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from portal.policy.cel import kinds
from portal.policy.cel.kinds import BOOL, DYN, INT, STRING, TIMESTAMP, Kind, list_of, map_of

ROOTS: Final = ("object", "oldObject", "request", "namespaceObject", "params")
AUTHORIZER: Final = "authorizer"
VARIABLES: Final = "variables"
VARIABLES_TYPE: Final = ("struct", "kubernetes.variables")
_TEXTS = list_of(STRING)
_TEXT_MAP = map_of(STRING, STRING)


def _struct(name: str) -> Kind:
    return ("struct", f"kubernetes.{name}")


STRUCTS: Final[Mapping[str, Mapping[str, Kind]]] = {
    "kubernetes.GroupVersionKind": dict.fromkeys(("group", "version", "kind"), STRING),
    "kubernetes.GroupVersionResource": dict.fromkeys(("group", "version", "resource"), STRING),
    "kubernetes.UserInfo": {
        "username": STRING,
        "uid": STRING,
        "groups": _TEXTS,
        "extra": map_of(STRING, _TEXTS),
    },
    "kubernetes.AdmissionRequest": {
        "kind": _struct("GroupVersionKind"),
        "resource": _struct("GroupVersionResource"),
        "subResource": STRING,
        "requestKind": _struct("GroupVersionKind"),
        "requestResource": _struct("GroupVersionResource"),
        "requestSubResource": STRING,
        "name": STRING,
        "namespace": STRING,
        "operation": STRING,
        "userInfo": _struct("UserInfo"),
        "dryRun": BOOL,
        "options": DYN,
    },
    "kubernetes.NamespaceSpec": {"finalizers": _TEXTS},
    "kubernetes.NamespaceCondition": {
        **dict.fromkeys(("status", "type", "message", "reason"), STRING),
        "lastTransitionTime": TIMESTAMP,
    },
    "kubernetes.NamespaceStatus": {"conditions": list_of(_struct("NamespaceCondition")), "phase": STRING},
    "kubernetes.NamespaceMetadata": {
        **dict.fromkeys(("name", "generateName", "namespace", "UID", "resourceVersion"), STRING),
        **dict.fromkeys(("labels", "annotations"), _TEXT_MAP),
        **dict.fromkeys(("creationTimestamp", "deletionTimestamp"), TIMESTAMP),
        **dict.fromkeys(("deletionGracePeriodSeconds", "generation"), INT),
        "finalizers": _TEXTS,
    },
    "kubernetes.Namespace": {
        "metadata": _struct("NamespaceMetadata"),
        "spec": _struct("NamespaceSpec"),
        "status": _struct("NamespaceStatus"),
    },
}
DECLARED: Final[Mapping[str, Kind]] = {
    "object": DYN,
    "oldObject": DYN,
    "params": DYN,
    "request": _struct("AdmissionRequest"),
    "namespaceObject": _struct("Namespace"),
    AUTHORIZER: _struct("authorization.Authorizer"),
}
REQUEST_AUTHORIZER: Final = "authorizer.requestResource"
RESOURCE_CHECK: Final = _struct("authorization.ResourceCheck")
# names of types that stand for themselves in an expression
TYPE_NAMES: Final[Mapping[str, Kind]] = {
    **{name: name for name in ("bool", "bytes", "double", "int", "string", "uint")},
    "google.protobuf.Duration": kinds.DURATION,
    "google.protobuf.Timestamp": kinds.TIMESTAMP,
    "list": list_of(DYN),
    "map": map_of(DYN, DYN),
    "null_type": kinds.NULL,
    "type": ("type",),
    "optional_type": kinds.optional_of(DYN),
    "net.IP": ("opaque", "net.IP"),
    "net.CIDR": ("opaque", "net.CIDR"),
}
