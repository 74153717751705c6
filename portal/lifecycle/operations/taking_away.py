"""Taking away what others put besides a release. Applying it again leaves that where it is: server-side apply
removes only what its own manager once set.

By a JSON patch that removes exactly the fields that were recorded when somebody asked, and only while each
still has the value that was seen then; `test` operations make the API server hold to it.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from portal.clusters.errors import ClusterConflict, ClusterRefused
from portal.clusters.kubernetes import Kubernetes
from portal.core.objects import ObjectKey, key_of
from portal.core.pointers import pointer
from portal.lifecycle.models import ChangeRequest, Remedy
from portal.lifecycle.operations import field_paths
from portal.lifecycle.operations.claims import ClaimLost
from portal.lifecycle.operations.diffing import ABSENT, IDENTITY_FIELDS
from portal.lifecycle.operations.drift import ownership
from portal.lifecycle.operations.evidence.bounds import short_value
from portal.lifecycle.operations.evidence.covering import Cover
from portal.lifecycle.operations.field_paths import Place, is_within
from portal.lifecycle.operations.observation import kubernetes_for, namespaced
from portal.lifecycle.operations.rendering import connection_for
from portal.lifecycle.operations.rollouts import Attempt
from portal.lifecycle.states import ChangeKind

MANAGER = "slipway"
# what every object has, so that it is never taken away as a whole
LASTING = frozenset({"metadata", "spec", "status"})
TRIES = 2
Item = Mapping[str, Any]


def take_away(change: ChangeRequest, attempt: Attempt, lost: threading.Event) -> None:
    """What the change's remedy recorded as added, if it is one that brings back what was sealed; may be
    repeated. What has another value by now stays, and the log says so. Raises ClusterError, ClaimLost."""
    if change.kind != ChangeKind.REMEDIATE:
        return
    remedy = Remedy.objects.filter(change=change, does=Remedy.Does.REVERT).first()
    for key, items in _by_object(remedy.added if remedy else ()).items():
        if lost.is_set():
            raise ClaimLost
        _from_object(change, key, items, attempt)


def _by_object(items: Iterable[Item]) -> dict[ObjectKey, list[Item]]:
    found: dict[ObjectKey, list[Item]] = {}
    for item in items:
        found.setdefault(ObjectKey.from_dict(item["object"]), []).append(item)
    return found


def _from_object(change: ChangeRequest, key: ObjectKey, items: Sequence[Item], attempt: Attempt) -> None:
    """As whoever runs helm, so that its rights suffice. Somebody else may write between reading and
    patching: then all is looked at once more."""
    reader, cover = kubernetes_for(change.subject), Cover([change.release, change.base_release])
    sealed = _sealed(change, key)
    writer = Kubernetes(connection_for(change.subject))
    for attempted in range(TRIES):
        live = reader.get(key)
        if live is None:
            return
        paths = _as_recorded(cover.document(live), items)
        places = removable(live, sealed, paths, _wholes(items))
        try:
            if places:
                writer.patch(key, operations(live, places), MANAGER)
        except (ClusterRefused, ClusterConflict):
            if attempted + 1 == TRIES:
                raise
            continue
        _say(attempt, key, items, places)
        return


def _sealed(change: ChangeRequest, key: ObjectKey) -> Mapping[str, Any]:
    """The object as the release names it; its shape is what matters, so masked will do."""
    documents = change.release.objects_masked if change.release else []
    found = namespaced(documents, change.subject)
    same = (each for each in found if (each["kind"], key_of(each).name) == (key.kind, key.name))
    return next((each for each in same if key_of(each).namespace == key.namespace), {})


def _as_recorded(covered: Mapping[str, Any], items: Iterable[Item]) -> set[str]:
    """Paths of those that are there with the value that was seen, as far as masked values tell."""
    found = set()
    for item in items:
        value = field_paths.value_at(covered, item["path"])
        if value is not ABSENT and item["live"] in (value, short_value(value)):
            found.add(item["path"])
    return found


def removable(
    live: Mapping[str, Any],
    sealed: Mapping[str, Any],
    paths: Collection[str],
    wholes: Collection[str] = (),
) -> list[Place]:
    """The highest places that hold nothing but what is to go, and defaults, and nothing that was sealed; in
    an order in which removing one moves none of those that follow. Of `wholes` all goes or nothing."""
    owned = ownership.owners(_with_known_writers(live))
    kept = [each for each in owned if not any(is_within(each, path) for path in paths)]
    found = {place.steps: place for path in paths if (place := _highest(live, sealed, path, kept, wholes))}
    outermost = [p for p in found.values() if not any(p.steps[:n] in found for n in range(1, len(p.steps)))]
    return sorted(outermost, key=_from_the_end, reverse=True)


def _with_known_writers(live: Mapping[str, Any]) -> dict[str, Any]:
    """Where the record of writers was wiped, the server books all there was on one name, defaults as well."""
    metadata = live.get("metadata") or {}
    entries = [
        entry for entry in metadata.get("managedFields") or () if entry.get("manager") not in ownership.HIDDEN
    ]
    return {**live, "metadata": {**metadata, "managedFields": entries}}


def _highest(
    live: Mapping[str, Any],
    sealed: Mapping[str, Any],
    path: str,
    kept: Collection[str],
    wholes: Collection[str],
) -> Place | None:
    """A variable goes with its name and value, a container with all that the server filled in."""
    place = field_paths.locate(live, path)
    if place is None:
        return None
    length = len(place.steps)
    while length > 1:
        outer = place.prefixes[length - 2]
        is_sealed = field_paths.locate(sealed, outer) is not None
        if is_sealed or outer in LASTING or any(is_within(other, outer) for other in kept):
            break
        length -= 1
    if any(outer in wholes for outer in place.prefixes[: length - 1]):
        return None
    return Place(place.steps[:length], place.prefixes[:length])


def _wholes(items: Iterable[Item]) -> set[str]:
    """Members of lists that were added: without its name, what is left of one is refused."""
    ends = tuple(f"].{name}" for name in IDENTITY_FIELDS)
    return {item["path"].rpartition(".")[0] for item in items if item["path"].endswith(ends)}


def _from_the_end(place: Place) -> list[tuple[int, str]]:
    return [(step, "") if isinstance(step, int) else (-1, step) for step in place.steps]


def operations(live: Mapping[str, Any], places: Sequence[Place]) -> list[dict[str, Any]]:
    """Tests first, so that each looks at the object as it was read."""
    uid = (live.get("metadata") or {}).get("uid")
    tests = [{"op": "test", "path": "/metadata/uid", "value": uid}]
    tests += [
        {"op": "test", "path": pointer(p.steps), "value": field_paths.at(live, p.steps)} for p in places
    ]
    return [*tests, *({"op": "remove", "path": pointer(place.steps)} for place in places)]


def _say(attempt: Attempt, key: ObjectKey, items: Iterable[Item], places: Sequence[Place]) -> None:
    gone = [place.prefixes[-1] for place in places]
    for item in items:
        by = f", put there by {item['manager']}" if item["manager"] else ""
        if any(is_within(item["path"], path) for path in gone):
            attempt.log(f"took away {item['path']} of {key}{by}")
        else:
            attempt.log(f"left {item['path']} of {key} alone: it is not what it was when this was asked")
