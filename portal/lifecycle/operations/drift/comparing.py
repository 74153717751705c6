"""How one object differs from what was sealed, field by field, and who made it so."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from portal.lifecycle.operations.diffing import FieldDiff, compare
from portal.lifecycle.operations.drift import ownership
from portal.lifecycle.operations.drift.ownership import Owner
from portal.lifecycle.operations.field_paths import is_within
from portal.policy.defaults import apply_defaults

How = Literal["changed", "removed", "added"]
REPLICAS = "spec.replicas"
# what a cluster gives each object of its own
ASSIGNED = frozenset({"spec.clusterIP", "spec.clusterIPs", "spec.healthCheckNodePort", "spec.volumeName"})
Document = Mapping[str, Any]


@dataclass(frozen=True)
class Difference:
    """`sealed` and `live` are masked; None with what is not there."""

    path: str
    how: How
    sealed: Any
    live: Any
    owner: Owner | None = None


@dataclass(frozen=True)
class Compared:
    """One object, masked: as it is, as its release names it, and as the cluster would make it of that; None
    where the cluster does not say. `as_new` is what the cluster would make of it if there were none yet:
    wanted where the record of who wrote what is gone."""

    shown: Document
    sealed: Document
    as_sealed: Document | None
    as_new: Document | None = None


def differences(live: Document, masked: Compared, *, is_scaled: bool) -> list[Difference]:
    """`live` is the object as the cluster has it. The API server's word is taken for what applying the sealed
    object again would change, so neither defaults nor webhooks are drift; what people put besides, and
    applying would leave, is. `is_scaled` says whether an autoscaler minds the number of replicas."""
    owners = ownership.owners(live)
    found = [
        _difference(field, _owner_of(field.path, owners))
        for field in _differing(masked)
        if ownership.is_minded(field.path) and not _is_others(field, owners, is_scaled)
    ]
    if masked.as_new is not None:
        found += _unaccounted(masked.shown, masked.as_new, owners, {each.path for each in found})
    known = {difference.path for difference in found}
    beside = [owned for owned in ownership.added(live, masked.shown) if owned.path not in known]
    real = _paths(masked, lambda field: field.had) if beside else frozenset()
    return found + [
        Difference(owned.path, "added", None, owned.value, owned.owner)
        for owned in beside
        if any(is_within(owned.path, place) for place in real) and not (owned.path == REPLICAS and is_scaled)
    ]


def _unaccounted(
    shown: Document, as_new: Document, owners: Mapping[str, Owner], known: Collection[str]
) -> list[Difference]:
    """What a new one would not have, whoever put it there."""
    fields = [field for field in compare([shown], [as_new])[0].fields if field.had and not field.has]
    found = [(field, _owner_of(field.path, owners)) for field in fields if _is_strange(field.path, known)]
    return [
        Difference(field.path, "added", None, field.old, owner)
        for field, owner in found
        if owner is None or not ownership.is_controller(owner.manager)
    ]


def _is_strange(path: str, known: Collection[str]) -> bool:
    is_assigned = path in ASSIGNED or path.endswith(".nodePort")
    return ownership.is_minded(path) and path not in known and not is_assigned


def _differing(masked: Compared) -> list[FieldDiff]:
    """From live to sealed. Where the server does not say, what the release names is compared with what is
    there."""
    if masked.as_sealed is not None:
        return list(compare([masked.shown], [masked.as_sealed])[0].fields)
    named = {**masked.sealed, "apiVersion": masked.shown["apiVersion"]}
    filled = _paths(masked, lambda field: field.has)
    fields = [field for field in compare([masked.shown], [named])[0].fields if field.has]
    return [field for field in fields if any(is_within(field.path, place) for place in filled)]


def _difference(field: FieldDiff, owner: Owner | None) -> Difference:
    how: How = "changed" if field.had and field.has else "added" if field.had else "removed"
    return Difference(
        field.path, how, field.new if field.has else None, field.old if field.had else None, owner
    )


def _is_others(field: FieldDiff, owners: Mapping[str, Owner], is_scaled: bool) -> bool:
    """An autoscaler minds the number of replicas; operators, what they were let write."""
    if field.path == REPLICAS and is_scaled:
        return True
    owner = _owner_of(field.path, owners)
    return owner is not None and ownership.is_operator(owner.manager)


def _owner_of(path: str, owners: Mapping[str, Owner]) -> Owner | None:
    """Of a field, or of whatever was written last below it, or holds it as a whole."""
    if path in owners:
        return owners[path]
    within = [owner for other, owner in owners.items() if is_within(other, path) or is_within(path, other)]
    return max(within, key=lambda owner: owner.at, default=None)


def _paths(masked: Compared, counts: Callable[[FieldDiff], bool]) -> frozenset[str]:
    """Where the live object differs from the sealed one, written as the server would, with its defaults:
    whoever creates an object by hand owns those as well."""
    filled = {**apply_defaults(masked.sealed), "apiVersion": masked.shown["apiVersion"]}
    return frozenset(field.path for field in compare([masked.shown], [filled])[0].fields if counts(field))
