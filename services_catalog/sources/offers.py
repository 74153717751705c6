"""What a source offers, whichever kind it is, and what each kind of source has to know how to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from portal.core.errors import SlipwayError
from services_catalog.sources.errors import VersionRefused


@dataclass(frozen=True)
class Offer:
    """One version of one chart, before anything of it was fetched.

    `digest` is what the source pins it by (empty: it does not); `refusal` why it is not even fetched;
    `handle` whatever its reader needs to fetch it.
    """

    chart: str
    version: str
    digest: str = ""
    url: str = ""
    app_version: str = ""
    description: str = ""
    icon_url: str = ""
    refusal: VersionRefused | None = None
    handle: Any = None

    @property
    def key(self) -> tuple[str, str]:
        return self.chart, self.version


@dataclass(frozen=True)
class Listing:
    """`offers` are to be taken, `listed` is all that the source has, so that what is not in it is gone.

    `unread` names charts that could not be looked up, with the reason: nothing is said of their versions.
    `validators` are what to ask with the next time; with `unchanged` the rest is empty.
    """

    offers: list[Offer] = field(default_factory=list)
    listed: frozenset[tuple[str, str]] = frozenset()
    validators: Mapping[str, str] = field(default_factory=dict)
    unread: Mapping[str, SlipwayError] = field(default_factory=dict)
    unchanged: bool = False


@dataclass(frozen=True)
class Fetched:
    """One version's content: `archive` (a .tgz) or, where there is none, its `files`."""

    archive: bytes | None = None
    files: Mapping[str, bytes] | None = None
    provenance: bytes | None = None


class Reader(Protocol):
    """How one kind of source is read. Both raise SourceFailed or portal.core.outbound's errors."""

    def look(self, validators: Mapping[str, str]) -> Listing:
        """What it has; `unchanged` when that is certain from the validators of the last time."""

    def fetch(self, offer: Offer) -> Fetched:
        """The content of what `look` gave. Raises VersionRefused too."""
