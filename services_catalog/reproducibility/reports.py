"""What is known of a version, as it is stored with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from services_catalog.reproducibility.sources import BY_CHANCE, Kind, Source

SHOWN = 3


class Status(StrEnum):
    """`stable`: nothing can differ. `may_vary`: something can, but did not with defaults and plans.
    `varies`: it did, so the version is never offered."""

    STABLE = "stable"
    MAY_VARY = "may_vary"
    VARIES = "varies"


@dataclass(frozen=True)
class Place:
    """Something that differed. `values` names the set: "defaults" or "plan small", and the example."""

    values: str
    object: str
    path: str

    def __str__(self) -> str:
        return f"{self.object} {self.path} (with {self.values})".replace("  ", " ")


@dataclass(frozen=True)
class Reproducibility:
    """`rendered` are the sets of values that were rendered; `examined` is the digest of all that went in."""

    status: Status
    sources: tuple[Source, ...] = ()
    places: tuple[Place, ...] = ()
    rendered: tuple[str, ...] = ()
    examined: str = ""

    def uses(self, kind: Kind) -> bool:
        return any(source.kind == kind for source in self.sources)

    @property
    def renderings(self) -> int:
        """How many to compare: where chance often gives the same, two tell little."""
        return 4 if any(source.function in BY_CHANCE for source in self.sources) else 2

    @property
    def reason(self) -> str:
        """Two or three sentences for people; empty when it is stable."""
        named = listed(self.sources)
        if self.status == Status.VARIES:
            places = listed(self.places)
            cause = f" The cause is at {named}." if named else ""
            return f"It renders differently each time: {places}.{cause}"
        if self.status == Status.MAY_VARY:
            unseen = self.uses("cluster") or self.uses("release")
            later = " What it finds in the cluster shows when it is applied: a difference is taken back."
            said = f"It may render differently with some values: {named}. Each request is rendered again."
            return said + (later if unseen else "")
        return ""

    def as_dict(self) -> dict[str, Any]:
        return {
            "status": str(self.status),
            "reason": self.reason,
            "sources": [source.as_dict() for source in self.sources],
            "places": [vars(place) for place in self.places],
            "rendered": list(self.rendered),
            "examined": self.examined,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Reproducibility:
        return cls(
            Status(data["status"]),
            tuple(Source.from_dict(each) for each in data["sources"]),
            tuple(Place(**each) for each in data["places"]),
            tuple(data["rendered"]),
            data["examined"],
        )


def listed(things: tuple[object, ...]) -> str:
    """The first three, and how many more there are."""
    more = f" and {len(things) - SHOWN} more" if len(things) > SHOWN else ""
    return ", ".join(str(thing) for thing in things[:SHOWN]) + more
