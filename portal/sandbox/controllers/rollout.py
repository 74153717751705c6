"""The arithmetic of a Deployment's rollout, as Kubernetes does it (pkg/controller/deployment). Pure."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from typing import Any

from portal.sandbox.pods import share_of

HASH_LABEL = "pod-template-hash"
_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"


@dataclass(frozen=True)
class Limits:
    """How far a rollout may stray from the wanted size."""

    replicas: int
    max_surge: int
    max_unavailable: int

    @property
    def most(self) -> int:
        return self.replicas + self.max_surge

    @property
    def least_available(self) -> int:
        return self.replicas - self.max_unavailable


def limits_of(spec: dict[str, Any]) -> Limits:
    """Resolve surge (rounded up) and unavailability (rounded down); both nought becomes one unavailable."""
    replicas = spec.get("replicas", 1)
    strategy = spec.get("strategy") or {}
    if strategy.get("type") == "Recreate":
        return Limits(replicas, 0, replicas)
    rolling = strategy.get("rollingUpdate") or {}
    surge = share_of(rolling.get("maxSurge", "25%"), replicas, round_up=True)
    unavailable = share_of(rolling.get("maxUnavailable", "25%"), replicas, round_up=False)
    if surge == 0 and unavailable == 0:
        unavailable = 1
    return Limits(replicas, surge, min(unavailable, replicas))


def new_size(limits: Limits, current_new: int, current_total: int) -> int:
    """How large the new ReplicaSet may become now."""
    if current_new >= limits.replicas:
        return limits.replicas
    room = limits.most - current_total
    return current_new + max(0, min(room, limits.replicas - current_new))


def old_sizes(limits: Limits, old: list[tuple[int, int]], new: tuple[int, int]) -> list[int]:
    """The sizes to which old ReplicaSets may shrink now.

    Each set is (wanted, available), oldest first. Unhealthy pods go first, then healthy ones as far as
    the minimum stays available.
    """
    sizes = [wanted for wanted, _ in old]
    budget = sum(sizes) + new[0] - limits.least_available - max(0, new[0] - new[1])
    if budget <= 0:
        return sizes
    for index, (wanted, available) in enumerate(old):
        unhealthy = min(budget, max(0, wanted - available))
        sizes[index] -= unhealthy
        budget -= unhealthy
    # pods that are already on their way out may still be in a status: only those wanted count
    spare = sum(min(wanted, available) for wanted, available in old) + new[1] - limits.least_available
    for index, size in enumerate(sizes):
        step = min(max(0, spare), size)
        sizes[index] -= step
        spare -= step
    return sizes


def proportional_sizes(limits: Limits, sizes: list[int], former_most: int) -> list[int]:
    """Spread a change of size over several active ReplicaSets in proportion (newest last takes the rest)."""
    allowed = limits.most if limits.replicas > 0 else 0
    to_add = allowed - sum(sizes)
    result = list(sizes)
    left = to_add
    order = sorted(range(len(sizes)), key=lambda i: -sizes[i])
    for index in order:
        if not sizes[index] or not to_add:
            continue
        share = round(sizes[index] * allowed / (former_most or sum(sizes))) - sizes[index]
        share = min(share, left) if to_add > 0 else max(share, left)
        if (share > 0) == (to_add > 0):
            result[index] += share
            left -= share
    if order and left:
        result[order[0]] = max(0, result[order[0]] + left)
    return result


def template_hash(template: dict[str, Any], collisions: int = 0) -> str:
    """A pod template's short name: stable, safe in names and labels, in the alphabet that Kubernetes uses."""
    text = json.dumps(template, sort_keys=True, separators=(",", ":"))
    if collisions:
        text += str(collisions)
    return safe_encode(str(zlib.crc32(text.encode())))


def safe_encode(text: str) -> str:
    return "".join(_ALPHABET[ord(character) % len(_ALPHABET)] for character in text)


def without_hash(template: dict[str, Any]) -> dict[str, Any]:
    """The template as its Deployment wrote it."""
    metadata = template.get("metadata") or {}
    labels = {key: value for key, value in (metadata.get("labels") or {}).items() if key != HASH_LABEL}
    rest = {key: value for key, value in metadata.items() if key != "labels" and value}
    return {**template, "metadata": {**rest, **({"labels": labels} if labels else {})}}
