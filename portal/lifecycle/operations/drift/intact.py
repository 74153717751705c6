"""Whether an object is surely as it was sealed, without asking the cluster once more.

Helm applies on the server's side, so its entry in managedFields names exactly the fields that were sealed.
Where it still does, where all have the sealed value, and where nobody else wrote, nothing can have drifted.
False means only that the cluster has to be asked: defaults and webhooks look like edits from here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from portal.lifecycle.operations.drift import ownership

UNTRACKED = frozenset({"apiVersion", "kind", "status"})
UNTRACKED_METADATA = frozenset({"name", "namespace", "creationTimestamp", "managedFields"})
# what the API server fills into the members of lists that are owned as a whole
DEFAULTS: dict[str, Any] = {"protocol": "TCP", "volumeMode": "Filesystem", "expirationSeconds": 3600}
TEMPLATE = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "status": {"phase": "Pending"}}
Fields = Mapping[str, Any]


def is_intact(sealed: Mapping[str, Any], live: Mapping[str, Any]) -> bool:
    """`sealed` as helm applies it, marks and all; both masked alike."""
    helm: list[Mapping[str, Any]] = []
    for entry in ownership.entries(live):
        manager = str(entry.get("manager") or "")
        if manager == ownership.HELM:
            helm.append(entry)
        elif ownership.is_somebody(manager):
            return False
    if len(helm) != 1 or helm[0].get("operation") != "Apply" or helm[0].get("subresource"):
        return False
    fields = helm[0].get("fieldsV1") or {}
    top = {name: value for name, value in sealed.items() if name not in UNTRACKED | {"metadata"}}
    metadata = {k: v for k, v in (sealed.get("metadata") or {}).items() if k not in UNTRACKED_METADATA}
    return _holds({**top, "metadata": metadata}, live, fields)


def _holds(sealed: Any, live: Any, fields: Fields) -> bool:
    """Whether `fields` are exactly those of `sealed`, and `live` has their values."""
    if not fields or set(fields) == {"."}:
        return _covers(sealed, live)
    if isinstance(sealed, Mapping):
        return isinstance(live, Mapping) and _mapping_holds(sealed, live, fields)
    if isinstance(sealed, list):
        return isinstance(live, list) and _list_holds(sealed, live, fields)
    return False


def _mapping_holds(sealed: Mapping[str, Any], live: Mapping[str, Any], fields: Fields) -> bool:
    named = {name.partition(":")[2]: below for name, below in fields.items() if name != "."}
    for name, value in sealed.items():
        if name in named:
            continue
        if not _is_nothing(value) or live.get(name):
            return False
    return all(
        name in sealed and name in live and _holds(sealed[name], live[name], below)
        for name, below in named.items()
    )


def _list_holds(sealed: list[Any], live: list[Any], fields: Fields) -> bool:
    marks = [name for name in fields if name != "."]
    if len(marks) != len(sealed):
        return False
    for name in marks:
        form, _, text = name.partition(":")
        member = json.loads(text)
        if form == "v":
            if member not in sealed or member not in live:
                return False
            continue
        ours = [item for item in sealed if isinstance(item, Mapping) and _is(item, member)]
        theirs = [item for item in live if isinstance(item, Mapping) and ownership.has(item, member)]
        if len(ours) != 1 or len(theirs) != 1 or not _member_holds(ours[0], theirs[0], fields[name], member):
            return False
    return True


def _member_holds(
    sealed: Mapping[str, Any], live: Mapping[str, Any], fields: Fields, keys: Mapping[str, Any]
) -> bool:
    """A key that the server filled in is owned with the rest."""
    filled = {name: value for name, value in keys.items() if name not in sealed}
    return _mapping_holds({**sealed, **{k: v for k, v in filled.items() if f"f:{k}" in fields}}, live, fields)


def _is(item: Mapping[str, Any], keys: Mapping[str, Any]) -> bool:
    return all(item.get(name, DEFAULTS.get(name)) == value for name, value in keys.items())


def _covers(sealed: Any, live: Any) -> bool:
    """Of what is owned as a whole: the same, but for what the server fills in."""
    if isinstance(sealed, Mapping) and isinstance(live, Mapping):
        return all(
            (name in live and _covers(value, live[name])) or (_is_nothing(value) and not live.get(name))
            for name, value in sealed.items()
        ) and all(name in sealed or _is_filled_in(name, value) for name, value in live.items())
    if isinstance(sealed, list) and isinstance(live, list):
        return len(sealed) == len(live) and all(map(_covers, sealed, live))
    return type(sealed) is type(live) and bool(sealed == live)


def _is_filled_in(name: str, value: Any) -> bool:
    return (name in DEFAULTS and DEFAULTS[name] == value) or (name in TEMPLATE and TEMPLATE[name] == value)


def _is_nothing(value: Any) -> bool:
    """What the API server leaves out."""
    return value is None or (isinstance(value, Mapping | list) and not value)
