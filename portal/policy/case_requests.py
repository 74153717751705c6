"""From a recorded case to the request that admission sees: with defaults, a namespace and an identity."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast, get_args

from portal.policy.arrival import created, existing, updated
from portal.policy.defaults import apply_defaults
from portal.policy.expansion import in_namespace, why_not_an_object
from portal.policy.resources import Resource, Resources
from portal.policy.types import AdmissionRequest, Document, Operation, UserInfo

NAMESPACE = "default"
OPERATIONS: tuple[Operation, ...] = get_args(Operation)
# under these names, or in a list under the second, a case may bring what its request is about
PARTS = (("policy", "policies"), ("binding", "bindings"), ("params", "params"), ("crd", "crds"))


# kinds that are only ever sent to a part of another resource
SUB_RESOURCES = {
    "PodExecOptions": ("pods", "exec"),
    "PodAttachOptions": ("pods", "attach"),
    "PodPortForwardOptions": ("pods", "portforward"),
    "PodProxyOptions": ("pods", "proxy"),
    "ServiceProxyOptions": ("services", "proxy"),
    "NodeProxyOptions": ("nodes", "proxy"),
    "Eviction": ("pods", "eviction"),
    "TokenRequest": ("serviceaccounts", "token"),
}


def several(case: Mapping[str, Any], *names: str) -> list[Any]:
    """What a case brings under any of these names, one or a list."""
    found: list[Any] = []
    for name in dict.fromkeys(names):
        value = case.get(name)
        if value is not None:
            found += value if isinstance(value, list) else [value]
    return found


def why_broken(case: Any) -> str:
    """What a case lacks to be one, or ""."""
    if not isinstance(case, Mapping):
        return "it is not a mapping"
    if not several(case, "policy", "policies"):
        return "policy is missing or not a mapping"
    if not isinstance(case.get("request"), Mapping):
        return "request is missing or not a mapping"
    for one, many in PARTS:
        for part in several(case, one, many):
            if not isinstance(part, Mapping):
                return f"{one} is not a mapping" if one != "policy" else "policy is missing or not a mapping"
    return _why_no_request(case["request"])


def _why_no_request(request: Mapping[str, Any]) -> str:
    if request.get("operation") not in OPERATIONS:
        return f"request.operation is not one of {', '.join(OPERATIONS)}"
    wanted = ("object", "oldObject") if request["operation"] == "DELETE" else ("object",)
    if not any(isinstance(request.get(part), Mapping) for part in wanted):
        return f"request.{wanted[-1]} is missing or not a mapping"
    for part in ("object", "oldObject"):
        problem = why_not_an_object(request[part]) if request.get(part) is not None else ""
        if problem:
            return f"request.{part}: {problem.rstrip('.')}"
    for part in ("userInfo", "namespaceLabels", "options"):
        if not isinstance(request.get(part) or {}, Mapping):
            return f"request.{part} is not a mapping"
    user = request.get("userInfo") or {}
    if not isinstance(user.get("groups") or [], list) or not isinstance(user.get("extra") or {}, Mapping):
        return "request.userInfo: groups is not a list, or extra is not a mapping"
    return ""


def request_of(case: Mapping[str, Any]) -> AdmissionRequest:
    """The request of a case that is not broken."""
    request = case["request"]
    operation: Operation = request["operation"]
    subject = (request.get("oldObject") if operation == "DELETE" else None) or request.get("object")
    subject = cast(Document, subject or request.get("oldObject"))
    resource = _resource(case, subject)
    namespace = _namespace_of(request, subject, resource)
    new, old = _objects(request, operation, subject, resource, namespace)
    metadata = (new or old or {}).get("metadata") or {}
    is_namespace = (resource.group, resource.kind) == ("", "Namespace")
    name = str(request.get("name") or metadata.get("name") or "")
    return AdmissionRequest(
        operation=operation,
        group=resource.group,
        version=resource.version,
        resource=resource.resource,
        kind=resource.kind,
        name=name,
        namespace=name if is_namespace else namespace,
        object=new,
        old_object=old,
        user=_user(request.get("userInfo") or {}),
        namespace_object=_namespace(namespace, request.get("namespaceLabels") or {}) if namespace else None,
        dry_run=bool(request.get("dryRun")),
        sub_resource=str(
            request.get("subResource")
            or request.get("subresource")
            or SUB_RESOURCES.get(resource.kind, ("", ""))[1]
        ),
        options=request.get("options") or _options(operation, dry_run=bool(request.get("dryRun"))),
    )


def _resource(case: Mapping[str, Any], subject: Document) -> Resource:
    """What the request says of its target, else what its definition or the kind's name says."""
    known = Resources(several(case, "crd", "crds", "params")).of(
        str(subject["apiVersion"]), str(subject["kind"])
    )
    said = case["request"].get("resource")
    if isinstance(said, Mapping) and said.get("resource"):
        said = said["resource"]
    if not isinstance(said, str) or not said:
        said = SUB_RESOURCES.get(known.kind, (known.resource, ""))[0]
    group, version = (known.group, known.version) if known.kind not in SUB_RESOURCES else ("", "v1")
    return Resource(group, version, said, known.kind, known.namespaced and said != "nodes")


def _namespace_of(request: Mapping[str, Any], subject: Document, resource: Resource) -> str:
    if not resource.namespaced:
        return ""
    metadata = subject.get("metadata") or {}
    return str(metadata.get("namespace") or request.get("namespace") or NAMESPACE)


def _objects(
    request: Mapping[str, Any], operation: Operation, subject: Document, resource: Resource, namespace: str
) -> tuple[Document | None, Document | None]:
    """The object and the one that is there already, as the API server has them at this point."""

    def read(document: Document) -> Document:
        return apply_defaults(in_namespace(document, resource, namespace))

    if operation == "DELETE":
        return None, existing(read(subject))
    before = request.get("oldObject")
    old = existing(read(before)) if before is not None else None
    if operation == "CONNECT":
        # what is connected with is an options object, which is nobody's to fill in
        return dict(subject), old
    new = read(subject)
    return (created(new) if old is None else updated(new, old)), old


def _user(user: Mapping[str, Any]) -> UserInfo:
    return UserInfo(
        str(user.get("username") or ""),
        tuple(user.get("groups") or ()),
        str(user.get("uid") or ""),
        user.get("extra") or {},
    )


def _options(operation: Operation, *, dry_run: bool) -> Document | None:
    """The options that a plain request comes with."""
    kinds = {"CREATE": "CreateOptions", "UPDATE": "UpdateOptions", "DELETE": "DeleteOptions"}
    if operation not in kinds:
        return None
    options: dict[str, Any] = {"kind": kinds[operation], "apiVersion": "meta.k8s.io/v1"}
    return {**options, "dryRun": ["All"]} if dry_run else options


def _namespace(name: str, labels: Mapping[str, str]) -> Document:
    metadata = {"name": name, "labels": dict(labels)}
    return existing(apply_defaults({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}))


def params_of(case: Mapping[str, Any]) -> Iterator[Document]:
    """Params as they are stored; those of custom kinds as they were written."""
    for param in several(case, "params"):
        if not why_not_an_object(param):
            yield existing(apply_defaults(param))
