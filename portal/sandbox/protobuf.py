"""Bodies in Kubernetes' protobuf encoding, for the kinds that clients send that way (helm's release storage, kubectl's
typed clients). The envelope is `k8s\\0` and a runtime.Unknown. Other kinds get 415; client-go then speaks JSON.

Tables: field numbers of k8s.io/api and k8s.io/apimachinery's generated.proto. After a name and its number comes
the type (string when left out); `[T]` repeats, `{T}` is a map with string keys, `?` keeps zero values (Go pointers).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from portal.sandbox.objects import Object
from portal.sandbox.statuses import bad_request, unsupported_media_type

_MAGIC = b"k8s\x00"
_TABLES = {
    "Unknown": "typeMeta=1:TypeMeta raw=2:raw contentEncoding=3 contentType=4",
    "TypeMeta": "apiVersion=1 kind=2",
    "ObjectMeta": (
        "name=1 generateName=2 namespace=3 selfLink=4 uid=5 resourceVersion=6 generation=7:int "
        "creationTimestamp=8:Time deletionTimestamp=9:Time deletionGracePeriodSeconds=10:int? labels=11:{string} "
        "annotations=12:{string} ownerReferences=13:[OwnerReference] finalizers=14:[string] "
        "managedFields=17:[ManagedFieldsEntry]"
    ),
    "OwnerReference": "kind=1 name=3 uid=4 apiVersion=5 controller=6:bool? blockOwnerDeletion=7:bool?",
    "ManagedFieldsEntry": (
        "manager=1 operation=2 apiVersion=3 time=4:Time fieldsType=6 fieldsV1=7:FieldsV1 subresource=8"
    ),
    "DeleteOptions": (
        "gracePeriodSeconds=1:int? preconditions=2:Preconditions orphanDependents=3:bool? propagationPolicy=4 "
        "dryRun=5:[string]"
    ),
    "Preconditions": "uid=1 resourceVersion=2",
    "Secret": "metadata=1:ObjectMeta data=2:{bytes} type=3 stringData=4:{string} immutable=5:bool?",
    "ConfigMap": "metadata=1:ObjectMeta data=2:{string} binaryData=3:{bytes} immutable=4:bool?",
    "Namespace": "metadata=1:ObjectMeta spec=2:NamespaceSpec status=3:NamespaceStatus",
    "NamespaceSpec": "finalizers=1:[string]",
    "NamespaceStatus": "phase=1",
    "ServiceAccount": (
        "metadata=1:ObjectMeta secrets=2:[ObjectReference] imagePullSecrets=3:[LocalObjectReference] "
        "automountServiceAccountToken=4:bool?"
    ),
    "LocalObjectReference": "name=1",
    "ObjectReference": "kind=1 namespace=2 name=3 uid=4 apiVersion=5 resourceVersion=6 fieldPath=7",
    "Event": (
        "metadata=1:ObjectMeta involvedObject=2:ObjectReference reason=3 message=4 source=5:EventSource "
        "firstTimestamp=6:Time lastTimestamp=7:Time count=8:int type=9 eventTime=10:MicroTime series=11:EventSeries "
        "action=12 related=13:ObjectReference reportingComponent=14 reportingInstance=15"
    ),
    "EventSource": "component=1 host=2",
    "EventSeries": "count=1:int lastObservedTime=2:MicroTime",
    "Lease": "metadata=1:ObjectMeta spec=2:LeaseSpec",
    "LeaseSpec": (
        "holderIdentity=1 leaseDurationSeconds=2:int? acquireTime=3:MicroTime renewTime=4:MicroTime "
        "leaseTransitions=5:int? strategy=6 preferredHolder=7"
    ),
    "Role": "metadata=1:ObjectMeta rules=2:[PolicyRule]",
    "ClusterRole": "metadata=1:ObjectMeta rules=2:[PolicyRule]",
    "PolicyRule": (
        "verbs=1:[string] apiGroups=2:[string] resources=3:[string] resourceNames=4:[string] "
        "nonResourceURLs=5:[string]"
    ),
    "RoleBinding": "metadata=1:ObjectMeta subjects=2:[Subject] roleRef=3:RoleRef",
    "ClusterRoleBinding": "metadata=1:ObjectMeta subjects=2:[Subject] roleRef=3:RoleRef",
    "Subject": "kind=1 apiGroup=2 name=3 namespace=4",
    "RoleRef": "apiGroup=1 kind=2 name=3",
    "Eviction": "metadata=1:ObjectMeta deleteOptions=2:DeleteOptions",
    "SelfSubjectAccessReview": "metadata=1:ObjectMeta spec=2:AccessReviewSpec",
    "SubjectAccessReview": "metadata=1:ObjectMeta spec=2:AccessReviewSpec",
    "LocalSubjectAccessReview": "metadata=1:ObjectMeta spec=2:AccessReviewSpec",
    "AccessReviewSpec": (
        "resourceAttributes=1:ResourceAttributes nonResourceAttributes=2:NonResourceAttributes user=3 "
        "groups=4:[string] uid=6"
    ),
    "ResourceAttributes": "namespace=1 verb=2 group=3 version=4 resource=5 subresource=6 name=7",
    "NonResourceAttributes": "path=1 verb=2",
    "SelfSubjectRulesReview": "metadata=1:ObjectMeta spec=2:SelfSubjectRulesReviewSpec",
    "SelfSubjectRulesReviewSpec": "namespace=1",
    "SelfSubjectReview": "metadata=1:ObjectMeta",
    "TokenRequest": "metadata=1:ObjectMeta spec=2:TokenRequestSpec",
    "TokenRequestSpec": "audiences=1:[string] boundObjectRef=3:BoundObjectReference expirationSeconds=4:int?",
    "BoundObjectReference": "kind=1 apiVersion=2 name=3 uid=4",
    "TokenReview": "metadata=1:ObjectMeta spec=2:TokenReviewSpec",
    "TokenReviewSpec": "token=1 audiences=2:[string]",
    "Stamp": "seconds=1:int nanos=2:int",
    "Raw": "raw=1:raw",
}
# kinds that may be the body of a request, as opposed to parts of one
_BODIES = frozenset({
    "ClusterRole", "ClusterRoleBinding", "ConfigMap", "DeleteOptions", "Event", "Eviction", "Lease",
    "LocalSubjectAccessReview", "Namespace", "Role", "RoleBinding", "Secret", "SelfSubjectAccessReview",
    "SelfSubjectReview", "SelfSubjectRulesReview", "ServiceAccount", "SubjectAccessReview", "TokenRequest",
    "TokenReview",
})  # fmt: skip
_GROUPS = ("v1", "rbac.authorization.k8s.io/v1", "authorization.k8s.io/v1", "authentication.k8s.io/v1",
           "coordination.k8s.io/v1", "policy/v1", "meta.k8s.io/v1")  # fmt: skip


class _BrokenError(Exception):
    """Bytes that are no such message."""


@dataclass(frozen=True)
class _Field:
    name: str
    type: str
    repeated: bool
    keyed: bool
    pointer: bool


@cache
def _fields(message: str) -> dict[int, _Field]:
    found = {}
    for entry in _TABLES[message].split():
        name, _, rest = entry.partition("=")
        number, _, kind = rest.partition(":")
        pointer = kind.endswith("?")
        kind = kind.removesuffix("?") or "string"
        found[int(number)] = _Field(name, kind.strip("[]{}"), kind[0] == "[", kind[0] == "{", pointer)
    return found


def decode(raw: bytes) -> Object:
    """The object in a body; raises UnsupportedMediaType for kinds without a table, BadRequest for broken bytes."""
    if not raw.startswith(_MAGIC):
        raise bad_request("the body is not in Kubernetes' protobuf encoding: it must begin with k8s\\0")
    try:
        envelope = _message("Unknown", raw[len(_MAGIC) :])
        about: Object = envelope.get("typeMeta") or {}
        kind = about.get("kind", "")
        if kind not in _BODIES or about.get("apiVersion") not in _GROUPS:
            raise unsupported_media_type()
        return {"kind": kind, "apiVersion": about["apiVersion"], **_message(kind, envelope.get("raw") or b"")}
    except (_BrokenError, ValueError, IndexError, OverflowError) as error:
        raise bad_request(f"unable to decode the protobuf body: {error}") from error


def _message(name: str, raw: bytes) -> Object:
    result: Object = {}
    fields = _fields(name)
    for number, value in _parts(raw):
        field = fields.get(number)
        if field is None:
            continue
        if field.keyed:
            key, entry = _entry(value, field.type)
            result.setdefault(field.name, {})[key] = entry
            continue
        found = _value(field.type, value)
        if field.repeated:
            result.setdefault(field.name, []).append(found)
        elif found is not None and (field.pointer or found not in ("", 0, {})):
            result[field.name] = found
    return result


def _entry(raw: Any, kind: str) -> tuple[str, Any]:
    found = dict(_parts(_bytes(raw)))
    return _bytes(found.get(1, b"")).decode(), _value(kind, found.get(2, b""))


def _value(kind: str, value: Any) -> Any:
    if kind == "int":
        return _signed(value)
    if kind == "bool":
        return bool(value)
    raw = _bytes(value)
    if kind == "string":
        return raw.decode()
    if kind == "bytes":
        return base64.b64encode(raw).decode()
    if kind == "raw":
        return raw
    if kind in ("Time", "MicroTime"):
        return _time(raw, micro=kind == "MicroTime")
    if kind == "FieldsV1":
        return json.loads(_message("Raw", raw).get("raw") or b"{}")
    return _message(kind, raw)


def _time(raw: bytes, *, micro: bool) -> str | None:
    """A moment; None for Go's zero time."""
    stamp = _message("Stamp", raw)
    if stamp.get("seconds", 0) <= 0:
        return None
    moment = datetime.fromtimestamp(stamp["seconds"], UTC)
    if micro:
        return f"{moment:%Y-%m-%dT%H:%M:%S}.{stamp.get('nanos', 0) // 1000:06d}Z"
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _signed(value: Any) -> int:
    if not isinstance(value, int):
        raise _BrokenError("a number was expected")
    return value - (1 << 64) if value >= 1 << 63 else value


def _bytes(value: Any) -> bytes:
    if not isinstance(value, bytes):
        raise _BrokenError("bytes were expected")
    return value


def _parts(raw: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Field numbers and values of one message, in wire order."""
    at = 0
    while at < len(raw):
        tag, at = _varint(raw, at)
        wire = tag & 7
        if wire == 0:
            value, at = _varint(raw, at)
            yield tag >> 3, value
            continue
        if wire == 2:
            size, at = _varint(raw, at)
        elif wire in (1, 5):
            size = 8 if wire == 1 else 4
        else:
            raise _BrokenError(f"unknown wire type {wire}")
        if at + size > len(raw):
            raise _BrokenError("the message ends early")
        yield tag >> 3, raw[at : at + size]
        at += size


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(raw) or shift > 63:
            raise _BrokenError("a number does not end")
        byte = raw[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return value, at
        shift += 7
