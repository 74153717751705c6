"""What one stage runs and the next one does not: version, plan, images, values."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portal.core import pointers
from portal.core.pointers import ABSENT
from portal.lifecycle.models import Release

MOST_SHOWN = 3
LONGEST = 60


@dataclass(frozen=True)
class Difference:
    """One thing that differs, in words; None where there is none."""

    what: str
    there: str | None
    here: str | None


def releases(pks: list[int]) -> dict[int, Release]:
    """With what is compared; one query."""
    rows = Release.objects.filter(pk__in=pks).select_related("offering_version", "plan")
    found = rows.only(
        "masked_values",
        "images",
        "promoted_from",
        "instance",
        "plan__name",
        "plan__price_cents_per_month",
        "offering_version__version",
        "offering_version__overlays",
    )
    return {release.pk: release for release in found}


def between(
    here: Release, there: Release, *, places: tuple[Sequence[str], Sequence[str]] = ((), ())
) -> list[Difference]:
    """What a promotion would bring. Values that may differ from stage to stage are left out, for it does not
    carry them unasked, and so is what merely names the stage: `places` has the words for here and there."""
    found = []
    named = set(zip(*places, strict=True))
    if here.offering_version.version != there.offering_version.version:
        found.append(Difference("version", there.offering_version.version, here.offering_version.version))
    if here.plan_id != there.plan_id and _name(here) != _name(there):
        found.append(Difference("plan", _name(there), _name(here)))
    apart = {tuple(pointers.parse(overlay)) for overlay in here.offering_version.overlays}
    old, new = dict(_leaves(there.masked_values, ())), dict(_leaves(here.masked_values, ()))
    for path in sorted(old.keys() | new.keys()):
        before, now = old.get(path, ABSENT), new.get(path, ABSENT)
        if before == now or any(path[: len(each)] == each for each in apart):
            continue
        if not (isinstance(now, str) and isinstance(before, str) and (now, before) in named):
            found.append(Difference(".".join(path), _told(before), _told(now)))
    return found


def tags(release: Release) -> list[str]:
    """Of its images, each once: what people call the version of what runs."""
    names = (image.rpartition("/")[2] for image in release.images)
    return list(dict.fromkeys(name.partition("@")[0].partition(":")[2] or name for name in names))


def _name(release: Release) -> str | None:
    return release.plan.name if release.plan else None


def _leaves(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, Mapping) and value:
        for name, below in value.items():
            yield from _leaves(below, (*path, str(name)))
    else:
        yield path, value


def _told(value: Any) -> str | None:
    if value is ABSENT:
        return None
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
