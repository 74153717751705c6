"""Documents of ours in a cluster: compared, applied server-side, and taken away when they belong there no
more.

Labels say whose they are, so that nothing of others is ever removed. Params come first and bindings last, so
that no policy is in force without what it needs; what is removed goes the other way round.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

from portal.clusters.errors import ClusterError, ClusterUnreachable
from portal.clusters.kubernetes import Kubernetes
from portal.core.objects import ObjectKey, key_of
from portal.policy.documents import API_GROUP, BINDING_KIND, POLICY_KIND

CONCURRENT = 8
PATIENCE_SECONDS = 30
API_VERSION = f"{API_GROUP}/v1"
# what the server writes by itself, which is no drift
OF_THE_SERVER = ("managedFields", "resourceVersion", "uid", "generation", "creationTimestamp")
Action = Literal["create", "change", "same", "remove"]


@dataclass(frozen=True)
class Step:
    """One object, and what installing would do with it."""

    action: Action
    key: ObjectKey


@dataclass(frozen=True)
class Owner:
    """Under which name and labels a set of documents is kept in clusters."""

    manager: str
    labels: Mapping[str, str]

    def labelled(self, document: Mapping[str, Any]) -> dict[str, Any]:
        metadata = document.get("metadata") or {}
        labels = {**(metadata.get("labels") or {}), **self.labels}
        return {**document, "metadata": {**metadata, "labels": labels}}


def plan(kubernetes: Kubernetes, documents: Sequence[Mapping[str, Any]], owner: Owner) -> list[Step]:
    """What placing would change; nothing is stored. Takes half a minute at the most. Raises ClusterError."""
    live = kubernetes.live(documents)
    actions = _actions(kubernetes, list(zip(documents, live.values(), strict=True)), owner)
    steps = [Step(action, key) for action, key in zip(actions, live, strict=True)]
    return [*steps, *removal(kubernetes, owner, keep=live)]


def place(kubernetes: Kubernetes, documents: Sequence[Mapping[str, Any]], owner: Owner) -> list[Step]:
    """Apply what differs and remove what is of this owner and belongs there no more. Raises ClusterError."""
    steps = plan(kubernetes, documents, owner)
    for namespace in sorted({key_of(document).namespace for document in documents} - {""}):
        kubernetes.ensure_namespace(namespace, {})
    acting = {step.key for step in steps if step.action in ("create", "change")}
    _apply(kubernetes, [document for document in documents if key_of(document) in acting], owner)
    take(kubernetes, steps)
    return steps


def removal(kubernetes: Kubernetes, owner: Owner, *, keep: Iterable[ObjectKey] = ()) -> list[Step]:
    """All that carries the owner's labels, but for what to keep: bindings first, params last."""
    kept = set(keep)
    kinds = ((API_VERSION, BINDING_KIND), (API_VERSION, POLICY_KIND), ("v1", "ConfigMap"))
    found = [
        key_of(document)
        for api_version, kind in kinds
        for document in kubernetes.labelled(api_version, kind, owner.labels)
    ]
    return [Step("remove", key) for key in found if key not in kept]


def take(kubernetes: Kubernetes, steps: Iterable[Step]) -> None:
    """Delete what the steps say is to be removed, in their order."""
    for step in steps:
        if step.action == "remove":
            kubernetes.delete(step.key)


def counts(steps: Iterable[Step]) -> dict[str, int]:
    """How many objects each action is about."""
    found = [step.action for step in steps]
    return {action: found.count(action) for action in ("create", "change", "same", "remove")}


def drift_of(steps: Sequence[Step]) -> str:
    """What differs, in a sentence; "" when nothing does."""
    different = sum(step.action != "same" for step in steps)
    return f"{different} of {len(steps)} objects differ from what belongs here." if different else ""


def _apply(kubernetes: Kubernetes, documents: Sequence[Mapping[str, Any]], owner: Owner) -> None:
    """All at once what does not need each other: params, then policies, then bindings."""
    order = (lambda kind: kind not in (POLICY_KIND, BINDING_KIND), POLICY_KIND.__eq__, BINDING_KIND.__eq__)
    with ThreadPoolExecutor(CONCURRENT) as pool:
        for belongs in order:
            group = [document for document in documents if belongs(document["kind"])]
            list(pool.map(lambda document: kubernetes.apply(document, owner.manager), group))


def _actions(
    kubernetes: Kubernetes,
    pairs: Sequence[tuple[Mapping[str, Any], Mapping[str, Any] | None]],
    owner: Owner,
) -> list[Action]:
    """What is to be done with each document, beside what the cluster has of it."""
    with ThreadPoolExecutor(CONCURRENT) as pool:
        try:
            found = pool.map(lambda pair: _action(kubernetes, owner, *pair), pairs, timeout=PATIENCE_SECONDS)
            return list(found)
        except TimeoutError as exc:
            raise ClusterUnreachable(
                f"The cluster took more than {PATIENCE_SECONDS} s to say what it has of {len(pairs)} objects."
                " Try again when it has less to do."
            ) from exc


def _action(
    kubernetes: Kubernetes, owner: Owner, document: Mapping[str, Any], live: Mapping[str, Any] | None
) -> Action:
    if live is None:
        return "create"
    try:
        applied = kubernetes.dry_run_apply(document, owner.manager)
    except ClusterError:
        return "change"  # applying will say why it cannot be
    return "same" if _own(applied) == _own(live) else "change"


def _own(document: Mapping[str, Any]) -> dict[str, Any]:
    """Without what the server writes."""
    metadata = {k: v for k, v in (document.get("metadata") or {}).items() if k not in OF_THE_SERVER}
    return {**{k: v for k, v in document.items() if k != "status"}, "metadata": metadata}
