"""What the change would do to what is live now, object by object, as the API server itself says."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from portal.clusters.manifests import is_hook
from portal.core.objects import ObjectKey
from portal.lifecycle.models import Evidence
from portal.lifecycle.operations.diffing import FieldDiff, ObjectDiff, compare
from portal.lifecycle.operations.evidence.bounds import key_dict, short_text, short_value
from portal.lifecycle.operations.evidence.covering import Cover, is_alike
from portal.lifecycle.operations.evidence.found import Found
from portal.lifecycle.operations.evidence.ordering import in_order_of
from portal.lifecycle.operations.evidence.sights import Sight
from portal.lifecycle.operations.evidence.subject import Subject

MOST_OBJECTS, MOST_FIELDS, MOST_BYTES = 500, 100, 200_000
KEEP = "helm.sh/resource-policy"
RANK = ("changed", "added", "removed", "same")
Entry = dict[str, Any]


def gather(subject: Subject) -> Found:
    """Live against the dry-run of applying the new release. What the API server refuses speaks against the
    change: helm would meet the same refusal. Raises SlipwayError."""
    cover = subject.cover()
    entries = [entry for sight in subject.sights() if (entry := _entry(sight, cover))]
    entries += _hooks(subject, cover)
    entries.sort(key=_rank)
    kept = _bounded(entries)
    refused = [entry for entry in entries if "refusal" in entry]
    counts = Counter(entry["change"] for entry in entries)
    status = Evidence.Status.NOTE if counts["removed"] else Evidence.Status.GOOD
    return Found(
        Evidence.Status.BAD if refused else status,
        _summary(counts, refused),
        f"dry-run in {subject.cluster}",
        {"objects": kept, "left_off": len(entries) - len(kept), "counts": dict(counts)},
    )


def _entry(sight: Sight, cover: Cover) -> Entry | None:
    """None for what is neither there nor meant to be there."""
    if sight.wanted is None:
        return _removed(sight, cover)
    if sight.as_wanted.refusal:
        refusal = cover.refusal(sight.as_wanted.refusal, sight.wanted)[:1000]
        return {**_said(_as_written(sight, cover)), "refusal": refusal}
    if sight.as_wanted.unsure:
        note = cover.refusal(sight.as_wanted.unsure, sight.wanted)[:1000]
        return {**_said(_as_written(sight, cover)), "note": note}
    if sight.live is None or sight.as_wanted.document is None:
        return _said(compare([], [cover.document(sight.wanted)])[0])
    if is_alike(sight.live, sight.as_wanted.document):
        return _same(sight.key)
    before, after = cover.document(sight.live), cover.document(sight.as_wanted.document)
    before["apiVersion"] = after["apiVersion"]  # the server answers in the version that was asked for
    return _said(compare([before], [in_order_of(before, after)])[0])


def _as_written(sight: Sight, cover: Cover) -> ObjectDiff:
    """Without the server's help: what the new release names, beside what the current one does."""
    wanted = cover.document(sight.wanted or {})
    if sight.sealed is None:
        return compare([], [wanted])[0]
    sealed = {**cover.document(sight.sealed), "apiVersion": wanted["apiVersion"]}
    return compare([sealed], [in_order_of(sealed, wanted)])[0]


def _removed(sight: Sight, cover: Cover) -> Entry | None:
    if sight.live is None:
        return None
    annotations = (sight.live.get("metadata") or {}).get("annotations") or {}
    if annotations.get(KEEP) == "keep":
        return {**_same(sight.key), "note": "Helm leaves it in the cluster: it is marked to be kept."}
    return _said(compare([cover.document(sight.live)], [])[0])


def _hooks(subject: Subject, cover: Cover) -> list[Entry]:
    """They come and go, so there is nothing live to hold them against: release against release."""
    before, after = (
        [cover.document(document) for document in subject.documents(release) if is_hook(document)]
        for release in (subject.current, subject.change.release)
    )
    if subject.change.release is None:
        return []
    return [{**_said(diff), "note": "A hook: it runs beside the rollout."} for diff in compare(before, after)]


def _said(diff: ObjectDiff) -> Entry:
    if diff.change == "same":
        return _same(diff.key)
    return {
        "key": key_dict(diff.key),
        "change": diff.change,
        "fields": [_field(field) for field in diff.fields[:MOST_FIELDS]],
        "text": short_text(diff.text),
    }


def _same(key: ObjectKey) -> Entry:
    return {"key": key_dict(key), "change": "same", "fields": [], "text": ""}


def _field(field: FieldDiff) -> dict[str, Any]:
    return {
        "path": field.path,
        "old": short_value(field.old) if field.had else None,
        "new": short_value(field.new) if field.has else None,
    }


def _rank(entry: Entry) -> tuple[bool, int, str, str]:
    """What is refused first, then what changes."""
    key = entry["key"]
    return "refusal" not in entry, RANK.index(entry["change"]), key["kind"], key["name"]


def _bounded(entries: Iterable[Entry]) -> list[Entry]:
    """As many as may be kept, from the beginning."""
    kept: list[Entry] = []
    left = MOST_BYTES
    for entry in entries:
        left -= len(json.dumps(entry))
        if left < 0 or len(kept) == MOST_OBJECTS:
            break
        kept.append(entry)
    return kept


def _summary(counts: Mapping[str, int], refused: Sequence[Entry]) -> str:
    parts = [f"{counts[name]} {name}" for name in RANK[:3] if counts.get(name)]
    if counts.get("same"):
        parts.append(f"{counts['same']} as they are")
    said = ", ".join(parts) or "Nothing is there"
    if not refused:
        return said
    key = refused[0]["key"]
    more = f" (and {len(refused) - 1} more)" if len(refused) > 1 else ""
    return f"The cluster refuses {key['kind']}/{key['name']}{more}: {refused[0]['refusal']}"
