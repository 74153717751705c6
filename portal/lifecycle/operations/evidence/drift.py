"""What in the target is not as its current release sealed it, and who made it so."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from portal.lifecycle.models import Evidence
from portal.lifecycle.operations.drift import ownership
from portal.lifecycle.operations.drift.comparing import REPLICAS, Compared, Difference, differences
from portal.lifecycle.operations.evidence.bounds import key_dict, short_value
from portal.lifecycle.operations.evidence.covering import Cover, is_alike
from portal.lifecycle.operations.evidence.found import Found
from portal.lifecycle.operations.evidence.sights import Sight
from portal.lifecycle.operations.evidence.subject import Subject
from portal.lifecycle.operations.quota import AUTOSCALER

MOST_OBJECTS, MOST_FIELDS = 100, 50
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
    said = [_said(difference) for difference in _differences(sight, cover, scaled)]
    if not said:
        return None
    more = {"left_off": len(said) - MOST_FIELDS} if len(said) > MOST_FIELDS else {}
    return {"key": key_dict(sight.key), "fields": said[:MOST_FIELDS], "missing": False, **more}


def _differences(sight: Sight, cover: Cover, scaled: Scaled) -> list[Difference]:
    live, made = sight.live or {}, sight.as_sealed.document
    if made is not None and is_alike(live, made) and not ownership.added(live, live):
        return []
    compared = Compared(
        cover.document(live),
        cover.document(sight.sealed or {}),
        cover.document(made) if made is not None else None,
    )
    return differences(live, compared, is_scaled=_is_scaled(sight, scaled))


def _said(difference: Difference) -> dict[str, Any]:
    said = {
        "path": difference.path,
        "sealed": short_value(difference.sealed),
        "live": short_value(difference.live),
    }
    owner = difference.owner
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
    by_controller = owner is not None and ownership.is_controller(owner.manager)
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
