"""What a set of documents amounts to: lists flattened, defaults applied, workloads opened to their Pod."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portal.core.objects import ObjectKey, key_of
from portal.policy.arrival import NO_UID, created
from portal.policy.defaults import apply_defaults
from portal.policy.resources import Resource, Resources
from portal.policy.types import Document

# where a workload keeps its Pod template, and what owns the Pods in the end
TEMPLATES: Mapping[tuple[str, str], tuple[tuple[str, ...], str]] = {
    ("", "PodTemplate"): (("template",), ""),
    ("", "ReplicationController"): (("spec", "template"), ""),
    ("apps", "Deployment"): (("spec", "template"), "ReplicaSet"),
    ("apps", "ReplicaSet"): (("spec", "template"), ""),
    ("apps", "StatefulSet"): (("spec", "template"), ""),
    ("apps", "DaemonSet"): (("spec", "template"), ""),
    ("batch", "Job"): (("spec", "template"), ""),
    ("batch", "CronJob"): (("spec", "jobTemplate", "spec", "template"), "Job"),
}
# custom workloads (rollouts, serving revisions) that look like a Deployment are opened like one
USUAL_PATH = ("spec", "template")
MAX_NESTING = 8


@dataclass(frozen=True)
class Subject:
    """An object to judge. `path` is where it was found in `source`, "" when it is the document itself."""

    object: Document
    resource: Resource
    path: str
    source: Document


def flatten(documents: Iterable[Any], depth: int = 0) -> Iterator[Any]:
    """The documents with every `…List` replaced by its items; empty documents are dropped."""
    for document in documents:
        if document is None or document == {}:
            continue
        items = document.get("items") if isinstance(document, Mapping) else None
        is_list = isinstance(document, Mapping) and str(document.get("kind") or "").endswith("List")
        if isinstance(items, list) and is_list and depth < MAX_NESTING:
            inner_kind = str(document["kind"]).removesuffix("List")
            yield from flatten((_typed(item, document, inner_kind) for item in items), depth + 1)
        else:
            yield document


def _typed(item: Any, parent: Mapping[str, Any], kind: str) -> Any:
    """Items of a typed list (PodList) may leave their kind out."""
    if isinstance(item, Mapping) and kind and "kind" not in item:
        return {"apiVersion": parent.get("apiVersion"), "kind": kind, **item}
    return item


def why_not_an_object(document: Any) -> str:
    """Why nothing can be said of this document, or ""."""
    if not isinstance(document, Mapping):
        return "This is not a Kubernetes object: a mapping is expected."
    for field in ("apiVersion", "kind"):
        if not isinstance(document.get(field), str) or not document[field]:
            return f"This is not a Kubernetes object: {field} is missing."
    if not isinstance(document.get("metadata", {}), Mapping):
        return "This is not a Kubernetes object: metadata is not a mapping."
    return ""


def in_namespace(document: Document, resource: Resource, namespace: str) -> Document:
    """The document with the namespace that it would land in."""
    metadata = document.get("metadata") or {}
    if not resource.namespaced or not namespace or metadata.get("namespace"):
        return document
    return {**document, "metadata": {**metadata, "namespace": namespace}}


def keyed(old: Sequence[Document], beside: Sequence[Any], namespace: str) -> dict[ObjectKey, Document]:
    """Objects as they are now, under the keys that they have in the namespace that they land in.

    `beside` are the documents that they are judged with, which may define their kinds.
    """
    resources = Resources([each for each in (*old, *beside) if not why_not_an_object(each)])
    placed = (
        in_namespace(each, resources.of(str(each["apiVersion"]), str(each["kind"])), namespace)
        for each in old
    )
    return {key_of(document): document for document in placed}


def subjects_of(document: Document, resources: Resources, namespace: str) -> list[Subject]:
    """The object itself, and the Pod that it would create; both as policies see what is created."""
    resource = resources.of(str(document["apiVersion"]), str(document["kind"]))
    whole = created(apply_defaults(in_namespace(document, resource, namespace)))
    if (resource.group, resource.kind) == ("", "Pod"):
        _default_account(whole)
    subjects = [Subject(whole, resource, "", document)]
    found = pod_template_of(whole)
    if found is not None:
        path, template = found
        pod = _pod(whole, template)
        subjects.append(Subject(pod, resources.of("v1", "Pod"), path, document))
    return subjects


def pod_template_of(document: Document) -> tuple[str, Mapping[str, Any]] | None:
    """The Pod template of a workload and its path, or None."""
    group = str(document.get("apiVersion") or "").rpartition("/")[0]
    known = TEMPLATES.get((group, str(document.get("kind"))))
    path = known[0] if known else USUAL_PATH
    template = _at(document, path)
    if not isinstance(template, Mapping) or not isinstance(template.get("spec"), Mapping):
        return None
    if known is None and not isinstance(template["spec"].get("containers"), list):
        return None
    return ".".join(path), template


def _at(value: Any, path: Sequence[str]) -> Any:
    for part in path:
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _pod(workload: Document, template: Mapping[str, Any]) -> dict[str, Any]:
    """The Pod that a controller would create from the template, as policies in the cluster would see it."""
    owner = workload.get("metadata") or {}
    kind = TEMPLATES.get((str(workload["apiVersion"]).rpartition("/")[0], str(workload["kind"])), ((), ""))[1]
    reference = {
        "apiVersion": "batch/v1" if kind == "Job" else workload["apiVersion"],
        "kind": kind or workload["kind"],
        "name": owner.get("name", ""),
        "uid": NO_UID,
        "controller": True,
        "blockOwnerDeletion": True,
    }
    template_metadata = template.get("metadata")
    metadata = {
        **(template_metadata if isinstance(template_metadata, Mapping) else {}),
        "name": owner.get("name") or owner.get("generateName") or "",
        "generateName": f"{owner.get('name', '')}-",
        "ownerReferences": [reference],
    }
    if owner.get("namespace"):
        metadata["namespace"] = owner["namespace"]
    manifest = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}
    pod = created(apply_defaults(manifest))
    _default_account(pod)
    return pod


def _default_account(pod: dict[str, Any]) -> None:
    """The ServiceAccount admission plugin of every real cluster does this before policies see a Pod."""
    spec = pod.get("spec")
    if isinstance(spec, dict):
        account = spec.setdefault("serviceAccountName", "default")
        spec.setdefault("serviceAccount", account)
