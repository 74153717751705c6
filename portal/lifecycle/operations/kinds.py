"""Kinds that come with an operator: does the cluster serve them, and may the namespace's deployer write them?

Asked before anything is sealed, since helm would find out only in the middle of a rollout.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from portal.clusters.errors import ClusterError
from portal.clusters.kubernetes import Kubernetes
from portal.core.objects import ObjectKey, key_of
from portal.environments.models import Cluster
from portal.lifecycle.operations.rendering import DEPLOYER

SECONDS = 5
# what serves the kinds of a group, for the sentence that says what is missing
PRODUCTS: Mapping[str, str] = {
    "kafka.strimzi.io": "Strimzi",
    "objectstorage.k8s.io": "the Container Object Storage Interface (COSI)",
    "gateway.networking.k8s.io": "the Gateway API",
    "monitoring.coreos.com": "the Prometheus operator",
}
Document = Mapping[str, Any]


def problems(
    documents: Iterable[Document], *, cluster: Cluster, namespace_objects: Sequence[Document]
) -> list[str]:
    """Why these documents cannot be applied there, a sentence for each kind; empty when they can.

    A cluster of which it was never learned what it serves is not spoken of, nor are kinds whose definition is
    among the documents.
    """
    wanted = [key_of(document) for document in documents]
    brought = {_defined(document) for document in documents}
    kinds = {(key.api_version, key.kind): key for key in wanted if (key.group, key.kind) not in brought}
    missing = _missing(cluster, kinds)
    found = [_not_served(cluster, *kind) for kind in missing]
    rules = _deployer_rules(namespace_objects)
    if rules is not None:
        found += [
            f"The namespace is too old for {key.kind} ({key.api_version}): its deployer may not write it. "
            "Upgrade the namespace to its newest version, then ask again."
            for kind, key in kinds.items()
            if kind not in missing and key.group in PRODUCTS and not _may_write(rules, key)
        ]
    return found


def _missing(cluster: Cluster, kinds: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    known = set(cluster.api_versions)
    unknown = [kind for kind in kinds if known and f"{kind[0]}/{kind[1]}" not in known]
    if not unknown:
        return []
    # it may have been installed since the portal last looked
    live = Kubernetes(cluster.connection, timeout_seconds=SECONDS)
    try:
        return [kind for kind in unknown if not live.serves(*kind)]
    except ClusterError:
        return unknown


def _not_served(cluster: Cluster, api_version: str, kind: str) -> str:
    group = api_version.rpartition("/")[0]
    others = sorted(
        {each.removesuffix(f"/{kind}") for each in cluster.api_versions if each.endswith(f"/{kind}")}
    )
    there = [each for each in others if each.rpartition("/")[0] == group]
    if there:
        return (
            f"Cluster {cluster} has {kind} only as {', '.join(there)}, not as {api_version}. "
            "Ask the platform team to bring it up to date, or choose another environment."
        )
    product = PRODUCTS.get(group)
    comes = f"It comes with {product}: ask" if product else "Ask"
    return (
        f"Cluster {cluster} has no {group or 'core'} {kind} ({api_version}). {comes} the platform team to "
        "install it there, or choose another environment."
    )


def _defined(document: Document) -> tuple[str, str]:
    """(group, kind) that a CustomResourceDefinition brings."""
    spec = document.get("spec")
    if document.get("kind") != "CustomResourceDefinition" or not isinstance(spec, Mapping):
        return "", ""
    names = spec.get("names")
    return str(spec.get("group")), str(names.get("kind") if isinstance(names, Mapping) else "")


def _deployer_rules(namespace_objects: Iterable[Document]) -> list[Mapping[str, Any]] | None:
    """The rules of the deployer's Role in a sealed namespace; None where it has none."""
    for document in namespace_objects:
        if document.get("kind") == "Role" and key_of(document).name == DEPLOYER:
            return list(document.get("rules") or ())
    return None


def _may_write(rules: Iterable[Mapping[str, Any]], key: ObjectKey) -> bool:
    lower = key.kind.lower()
    plurals = {f"{lower}s", f"{lower}es", f"{lower[:-1]}ies", "*"}
    return any(
        {key.group, "*"} & set(rule.get("apiGroups") or ())
        and plurals & set(rule.get("resources") or ())
        and {"create", "*"} & set(rule.get("verbs") or ())
        for rule in rules
    )
