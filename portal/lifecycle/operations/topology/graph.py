"""What a look at an instance's objects gives: nodes and edges, and the same as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from portal.core.objects import ObjectKey

NodeState = Literal["ready", "working", "waiting", "failed", "missing", "quiet", "unknown"]
Relation = Literal["owns", "routes to", "sends to", "scales", "protects", "applies to", "mounts"]


@dataclass(frozen=True)
class Node:
    """One object. `sealed`: the release itself has it; else a controller made it. `reason` is Kubernetes' one
    word for what is wrong; `left_off` counts earlier ReplicaSets that are kept at zero and not shown."""

    key: ObjectKey
    state: NodeState
    message: str
    sealed: bool
    created: datetime | None = None
    reason: str = ""
    left_off: int = 0


@dataclass(frozen=True, order=True)
class Edge:
    source: ObjectKey
    target: ObjectKey
    relation: Relation


@dataclass(frozen=True)
class Topology:
    """`seen_at` is when the cluster was asked; None: it never was, and states are not known. `unread` names
    kinds that could not be listed."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    seen_at: datetime | None
    unread: tuple[str, ...] = ()

    def node(self, kind: str, name: str) -> Node | None:
        return next((node for node in self.nodes if (node.key.kind, node.key.name) == (kind, name)), None)

    def as_json(self) -> dict[str, Any]:
        return {
            "nodes": [
                [
                    node.key.as_dict(),
                    node.state,
                    node.message,
                    node.sealed,
                    node.created.isoformat() if node.created else None,
                    node.reason,
                    node.left_off,
                ]
                for node in self.nodes
            ],
            "edges": [[edge.source.as_dict(), edge.target.as_dict(), edge.relation] for edge in self.edges],
            "seen_at": self.seen_at.isoformat() if self.seen_at else None,
            "unread": list(self.unread),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Topology:
        """Of what `as_json` gave. Raises KeyError, TypeError or ValueError for anything else."""
        return cls(
            nodes=tuple(
                Node(ObjectKey.from_dict(key), state, message, sealed, _moment(created), reason, left_off)
                for key, state, message, sealed, created, reason, left_off in data["nodes"]
            ),
            edges=tuple(
                Edge(ObjectKey.from_dict(source), ObjectKey.from_dict(target), relation)
                for source, target, relation in data["edges"]
            ),
            seen_at=_moment(data["seen_at"]),
            unread=tuple(data["unread"]),
        )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
