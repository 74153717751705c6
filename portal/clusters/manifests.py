"""What a manifest holds: its objects, its hooks, its images."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from portal.clusters import goyaml
from portal.clusters.errors import ChartDoesNotRender
from portal.clusters.types import Document

HOOK = "helm.sh/hook"
CONTAINERS = ("initContainers", "containers", "ephemeralContainers")


def parse_manifest(text: str) -> tuple[Document, ...]:
    """All objects, members of Lists one by one. Raises ChartDoesNotRender for anything else."""
    found: list[Document] = []
    try:
        for value in goyaml.load_all(text):
            if value is None:
                continue
            if not isinstance(value, dict):
                raise ChartDoesNotRender("The chart renders a document that is not an object.")
            found.extend(_members(value))
    except goyaml.NotReadable as exc:
        raise ChartDoesNotRender(f"The chart renders a manifest that cannot be read: {exc}.") from exc
    return tuple(found)


def _members(document: Document) -> Iterator[Document]:
    """Kubernetes takes any object with a list of `items` for a List, however that is capitalised."""
    items = next((v for k, v in document.items() if k.lower() == "items" and isinstance(v, list)), None)
    if items is None:
        yield document
        return
    kind = str(document.get("kind") or "")
    for item in items:
        if not isinstance(item, dict):
            raise ChartDoesNotRender(
                f"The chart renders a {kind or 'List'} with an item that is not an object."
            )
        if kind.endswith("List") and kind != "List":
            item = {"apiVersion": document.get("apiVersion"), "kind": kind.removesuffix("List"), **item}
        yield from _members(item)


def is_hook(document: Mapping[str, Any]) -> bool:
    """Hooks come and go with a helm run; they are no part of what stays in the cluster."""
    metadata = document.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    return isinstance(annotations, dict) and bool(annotations.get(HOOK))


def images_of(documents: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Images of all containers, init and ephemeral too, wherever a pod is described; in order, once each."""
    images: dict[str, None] = {}
    stack: list[Any] = list(documents)[::-1]
    while stack:
        value = stack.pop()
        if isinstance(value, list):
            stack.extend(value[::-1])
        elif isinstance(value, dict):
            for field in CONTAINERS:
                containers = value.get(field)
                for container in containers if isinstance(containers, list) else []:
                    if isinstance(container, dict) and isinstance(container.get("image"), str):
                        images[container["image"]] = None
            stack.extend(list(value.values())[::-1])
    return tuple(images)
