"""What in the target is not as its current release sealed it, and who made it so."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from portal.lifecycle.models import Evidence
from portal.lifecycle.operations.diffing import FieldDiff, compare
from portal.lifecycle.operations.evidence import ownership
from portal.lifecycle.operations.evidence.bounds import key_dict, short_value
from portal.lifecycle.operations.evidence.covering import Cover, is_alike
from portal.lifecycle.operations.evidence.found import Found
from portal.lifecycle.operations.evidence.ownership import Owner
from portal.lifecycle.operations.evidence.sights import Sight
from portal.lifecycle.operations.evidence.subject import Subject
from portal.lifecycle.operations.quota import AUTOSCALER

MOST_OBJECTS, MOST_FIELDS = 100, 50
REPLICAS = "spec.replicas"
Scaled = set[tuple[str, str, str]]


def gather(subject: Subject) -> Found | None:
    """The API server says what applying the sealed objects again would change, so neither its defaults nor
    what controllers add are drift; what people add with kubectl is. None where nothing runs. Raises
    SlipwayError."""
    if subject.current is None:
        return None
    sights = [sight for sight in subject.sights() if sight.sealed is not None]
    scaled = set(_scaled(sights))
    objects = [found for sight in sights if (found := _drifted(sight, subject.cover(), scaled))]
    if not objects:
        return Found(Evidence.Status.GOOD, "As sealed", subject.cluster, {"objects": [], "left_off": 0})
    return Found(
        Evidence.Status.NOTE,
        _summary(objects, of=len(sights)),
        subject.cluster,
        {"objects": objects[:MOST_OBJECTS], "left_off": max(len(objects) - MOST_OBJECTS, 0)},
    )


def _drifted(sight: Sight, cover: Cover, scaled: Scaled) -> dict[str, Any] | None:
    assert sight.sealed is not None  # noqa: S101 the caller chose those
    if sight.live is None:
        return {"key": key_dict(sight.key), "fields": [], "missing": True}
    fields = [
        field
        for field in _differing(sight, cover)
        if not (field.path == REPLICAS and _is_scaled(sight, scaled))
    ]
    owners = ownership.owners(sight.live)
    said = [_said(field, owners.get(field.path)) for field in fields]
    said += _added(sight, cover, {field.path for field in fields})
    if not said:
        return None
    more = {"left_off": len(said) - MOST_FIELDS} if len(said) > MOST_FIELDS else {}
    return {"key": key_dict(sight.key), "fields": said[:MOST_FIELDS], "missing": False, **more}


def _added(sight: Sight, cover: Cover, known: Collection[str]) -> list[dict[str, Any]]:
    """What a person put there besides, and applying the release again would leave: a sidecar, a variable."""
    live = sight.live or {}
    if not any(is_by_hand(entry) for entry in (live.get("metadata") or {}).get("managedFields") or []):
        return []
    return [
        {
            "path": owned.path,
            "sealed": None,
            "live": short_value(owned.value),
            "manager": owned.owner.manager,
            "at": owned.owner.at,
        }
        for owned in ownership.added_by_hand(live, cover.document(live))
        if owned.path not in known
    ]


def is_by_hand(entry: Mapping[str, Any]) -> bool:
    return str(entry.get("manager") or "").startswith(ownership.BY_HAND)


def _differing(sight: Sight, cover: Cover) -> list[FieldDiff]:
    """From live to sealed. Where the server refuses to apply what was sealed (a field that cannot be changed
    back), what the release names is compared with what is there."""
    assert sight.live is not None  # noqa: S101 the caller looked
    if sight.as_sealed.document is not None and is_alike(sight.live, sight.as_sealed.document):
        return []
    live = cover.document(sight.live)
    if sight.as_sealed.document is not None:
        return list(compare([live], [cover.document(sight.as_sealed.document)])[0].fields)
    sealed = cover.document(sight.sealed or {})
    sealed["apiVersion"] = live["apiVersion"]
    return [field for field in compare([live], [sealed])[0].fields if field.has]


def _said(field: FieldDiff, owner: Owner | None) -> dict[str, Any]:
    said = {
        "path": field.path,
        "sealed": short_value(field.new) if field.has else None,
        "live": short_value(field.old) if field.had else None,
    }
    return {**said, "manager": owner.manager, "at": owner.at} if owner else said


def _scaled(sights: Iterable[Sight]) -> Iterable[tuple[str, str, str]]:
    for sight in sights:
        document = sight.live or sight.sealed or {}
        target = (document.get("spec") or {}).get("scaleTargetRef") or {}
        if sight.key.kind == AUTOSCALER and target:
            yield sight.key.namespace, str(target.get("kind")), str(target.get("name"))


def _is_scaled(sight: Sight, scaled: Scaled) -> bool:
    """An autoscaler of the release's own, or of others, minds the number."""
    owner = ownership.owners(sight.live or {}).get(REPLICAS)
    by_controller = owner is not None and owner.manager in ownership.CONTROLLERS
    return by_controller or (sight.key.namespace, sight.key.kind, sight.key.name) in scaled


def _summary(objects: list[dict[str, Any]], *, of: int) -> str:
    missing = sum(found["missing"] for found in objects)
    differ = len(objects) - missing
    parts = [f"{differ} differ"] if differ else []
    parts += [f"{missing} missing"] if missing else []
    names = ", ".join(f"{found['key']['kind']}/{found['key']['name']}" for found in objects[:3])
    managers = {field["manager"] for found in objects for field in found["fields"] if field.get("manager")}
    by = f", by {', '.join(sorted(managers)[:3])}" if managers else ""
    return f"{' and '.join(parts)} of {of} objects: {names}{' …' if len(objects) > 3 else ''}{by}"
