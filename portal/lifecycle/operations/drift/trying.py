"""What a cluster would make of a document: a dry run of server-side apply; nothing is stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from portal.clusters.errors import ClusterError, ClusterUnreachable
from portal.clusters.kubernetes import Kubernetes
from portal.clusters.types import Document, Target
from portal.lifecycle.operations.drift.ownership import HELM

MANAGED_BY = "app.kubernetes.io/managed-by"
RELEASE_NAME, RELEASE_NAMESPACE = "meta.helm.sh/release-name", "meta.helm.sh/release-namespace"
NO_DRY_RUNS = "does not support dry run"  # what the API server says of an admission webhook with side effects


@dataclass(frozen=True)
class Answer:
    """What applying one document would make of the object, or why the cluster refuses it, or cannot say."""

    document: Document | None = None
    refusal: str = ""
    unsure: str = ""
    error: ClusterError | None = None


def applied(deployer: Kubernetes, document: Mapping[str, Any]) -> Answer:
    """As whoever runs helm, so that lacking rights show as well. Raises ClusterUnreachable."""
    try:
        return Answer(deployer.dry_run_apply(document, HELM))
    except ClusterUnreachable:
        raise
    except ClusterError as exc:
        if NO_DRY_RUNS in exc.message:
            return Answer(unsure=f"Not tried: {exc.message}", error=exc)
        return Answer(refusal=exc.message, error=exc)


def marked(document: Mapping[str, Any], target: Target) -> Document:
    """As helm applies it: with the marks by which it knows its own."""
    metadata = document.get("metadata") or {}
    annotations = {RELEASE_NAME: target.release, RELEASE_NAMESPACE: target.namespace}
    return {
        **document,
        "metadata": {
            **metadata,
            "labels": {**(metadata.get("labels") or {}), MANAGED_BY: "Helm"},
            "annotations": {**(metadata.get("annotations") or {}), **annotations},
        },
    }
