"""An instance's objects as a tree that can be read from top to bottom: groups, owners, what they made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby

from portal.clusters.explanations import Explanation, explain
from portal.core.objects import ObjectKey
from portal.lifecycle.operations.topology.graph import Edge, Node, Topology

MOST_LINKS = 3
MOST_LIKE_ONE = 20  # of one kind below one object; the rest is counted
RUNS, REACHED, KEEPS, BOUND = "Runs", "Is reached by", "Keeps", "Is bound by"
GROUPS: Mapping[str, tuple[str, ...]] = {
    RUNS: (),  # and whatever no other group names
    REACHED: (
        "Ingress",
        "Gateway",
        "HTTPRoute",
        "GRPCRoute",
        "TLSRoute",
        "TCPRoute",
        "Service",
        "EndpointSlice",
    ),
    KEEPS: ("PersistentVolumeClaim", "Secret", "ConfigMap", "Namespace"),
    BOUND: (
        "PodDisruptionBudget",
        "NetworkPolicy",
        "ServiceAccount",
        "Role",
        "RoleBinding",
        "ClusterRole",
        "ClusterRoleBinding",
        "ResourceQuota",
        "LimitRange",
    ),
}
GROUP_OF = {kind: group for group, kinds in GROUPS.items() for kind in kinds}
# what an object is put below, the first that fits
PARENTS = ("owns", "routes to")
SAID = ("scales", "protects", "applies to", "mounts", "routes to")


@dataclass(frozen=True)
class Link:
    """Another relation than the tree's: `relation` and where it leads."""

    relation: str
    targets: tuple[ObjectKey, ...]
    more: int


@dataclass(frozen=True)
class Branch:
    """One object with what grew from it. `more` counts children by kind that are not shown."""

    node: Node
    links: tuple[Link, ...]
    children: tuple[Branch, ...]
    more: tuple[tuple[str, int], ...]

    @property
    def explanation(self) -> Explanation | None:
        return explain(self.node.reason) if self.node.reason else None


@dataclass(frozen=True)
class Group:
    name: str
    branches: tuple[Branch, ...]


def groups(topology: Topology) -> list[Group]:
    """In a fixed order; an empty one is left out. Each object stands in exactly one place."""
    forest = _Forest(topology)
    found: dict[str, list[Branch]] = {name: [] for name in GROUPS}
    for node in forest.roots:
        found[GROUP_OF.get(node.key.kind, RUNS)].append(forest.branch(node, ()))
    return [Group(name, tuple(branches)) for name, branches in found.items() if branches]


class _Forest:
    def __init__(self, topology: Topology) -> None:
        self._nodes = {node.key: node for node in topology.nodes}
        self._edges = topology.edges
        self._parent = self._parents(topology.edges)
        self._children: dict[ObjectKey, list[Node]] = {}
        for key, parent in self._parent.items():
            self._children.setdefault(parent, []).append(self._nodes[key])

    @property
    def roots(self) -> list[Node]:
        return [node for key, node in self._nodes.items() if key not in self._parent]

    def branch(self, node: Node, above: tuple[ObjectKey, ...]) -> Branch:
        below = [child for child in self._children.get(node.key, ()) if child.key not in above]
        below.sort(key=lambda child: (child.key.kind, child.key.name))
        shown: list[Node] = []
        more: list[tuple[str, int]] = []
        for kind, alike in groupby(below, key=lambda child: child.key.kind):
            children = sorted(alike, key=lambda child: child.state not in ("failed", "missing", "waiting"))
            shown += children[:MOST_LIKE_ONE]
            if len(children) > MOST_LIKE_ONE:
                more.append((kind, len(children) - MOST_LIKE_ONE))
        path = (*above, node.key)
        grown = tuple(self.branch(child, path) for child in shown)
        return Branch(node, tuple(self._links(node.key)), grown, tuple(more))

    def _parents(self, edges: Iterable[Edge]) -> dict[ObjectKey, ObjectKey]:
        found: dict[ObjectKey, ObjectKey] = {}
        for relation in PARENTS:
            for edge in edges:
                if edge.relation == relation and not self._is_above(found, edge.target, edge.source):
                    found.setdefault(edge.target, edge.source)
        return found

    @staticmethod
    def _is_above(parents: Mapping[ObjectKey, ObjectKey], above: ObjectKey, key: ObjectKey) -> bool:
        """Whether `above` is `key` itself or stands over it: then it cannot be put below it."""
        while key != above and key in parents:
            key = parents[key]
        return key == above

    def _links(self, key: ObjectKey) -> Iterable[Link]:
        for relation in SAID:
            targets = [
                edge.target
                for edge in self._edges
                if (edge.source, edge.relation) == (key, relation) and self._parent.get(edge.target) != key
            ]
            if targets:
                yield Link(relation, tuple(targets[:MOST_LINKS]), max(len(targets) - MOST_LINKS, 0))
