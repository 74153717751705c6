"""A Helm repository: index.yaml, archives beside it or elsewhere, and their .prov files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit, urlunsplit

from portal.core.outbound.errors import NotReached
from services_catalog.models import ChartSource
from services_catalog.sources import index, selection
from services_catalog.sources.errors import VersionRefused
from services_catalog.sources.fetching import Fetcher, check, error_of, plain
from services_catalog.sources.index import Entry
from services_catalog.sources.offers import Fetched, Listing, Offer

INDEX = "index.yaml"
SIGNED = b"-----BEGIN PGP SIGNED MESSAGE-----"
# what is sent back the next time, and under which header it came
CONDITIONS = {"etag": "If-None-Match", "last_modified": "If-Modified-Since"}
LONGEST_VALIDATOR = 500
_DIGEST = re.compile(r"(?:sha256:)?([0-9a-f]{64})")


@dataclass(frozen=True)
class HelmRepository:
    source: ChartSource
    fetcher: Fetcher

    @property
    def base(self) -> str:
        """The folder of index.yaml, with a slash at its end, as relative addresses want it."""
        parts = urlsplit(self.source.url)
        path = parts.path.removesuffix(INDEX).rstrip("/") + "/"
        return urlunsplit((parts.scheme, parts.netloc, path, "", ""))

    def look(self, validators: Mapping[str, str]) -> Listing:
        limits = self.fetcher.limits
        answer = self.fetcher.get(
            self._index_url(),
            seconds=limits.index_seconds,
            most_bytes=limits.index_bytes,
            headers={
                "Accept-Encoding": "gzip",
                **{header: validators[name] for name, header in CONDITIONS.items() if validators.get(name)},
            },
        )
        if answer.status == 304 and validators:
            return Listing(unchanged=True, validators=validators)
        content = plain(check(answer, INDEX), limits.index_bytes)
        entries = index.read(content, most_nodes=limits.index_nodes)
        listing = selection.select(self.source, self._offers(entries), limits)
        kept = {name: answer.headers.get(name.replace("_", "-"), "") for name in CONDITIONS}
        kept = {name: text for name, text in kept.items() if _is_keepable(text)}
        return Listing(listing.offers, listing.listed, kept)

    def fetch(self, offer: Offer) -> Fetched:
        limits = self.fetcher.limits
        failure: VersionRefused | None = None
        for url in offer.handle:
            answer = self.fetcher.get(url, seconds=limits.archive_seconds, most_bytes=limits.archive_bytes)
            if answer.status == 200:
                return Fetched(archive=answer.body, provenance=self._provenance(url))
            error = error_of(answer.status, "The archive")
            failure = VersionRefused("archive_not_served", error.message, again=True)
        raise failure or VersionRefused("no_address", "The index gives no address for its archive.")

    def _index_url(self) -> str:
        parts = urlsplit(self.source.url)
        return self.base + INDEX + (f"?{parts.query}" if parts.query else "")

    def _offers(self, entries: Iterator[Entry]) -> Iterator[Offer]:
        for entry in entries:
            if selection.is_wanted(entry.key, self.source.charts):
                yield self._offer(entry)

    def _offer(self, entry: Entry) -> Offer:
        pinned = _DIGEST.fullmatch(entry.text("digest"))
        urls = [url for each in entry.urls if (url := self._joined(each))]
        return Offer(
            chart=entry.key,
            version=entry.text("version"),
            digest=f"sha256:{pinned.group(1)}" if pinned else "",
            url=_without_query(urls[0]) if urls else "",
            app_version=entry.text("appVersion"),
            description=entry.text("description"),
            icon_url=entry.text("icon"),
            refusal=_refusal(entry, urls),
            handle=urls,
        )

    def _joined(self, url: str) -> str:
        """In full; empty for what is no URL at all."""
        try:
            return urljoin(self.base, url) if len(url) <= index.LONGEST_URL else ""
        except ValueError:
            return ""

    def _provenance(self, url: str) -> bytes | None:
        """The signature beside an archive; None when there is none. Raises what keeps it from being known."""
        limits = self.fetcher.limits
        parts = urlsplit(url)
        beside = urlunsplit((parts.scheme, parts.netloc, parts.path + ".prov", parts.query, ""))
        answer = self.fetcher.get(beside, seconds=limits.answer_seconds, most_bytes=limits.provenance_bytes)
        if answer.status >= 500 or answer.status == 429:
            raise NotReached("Its .prov file is there or not: the server answers with an error of its own.")
        # some servers answer with a page of their own for whatever there is not
        return answer.body if answer.status == 200 and answer.body.lstrip().startswith(SIGNED) else None


def _refusal(entry: Entry, urls: list[str]) -> VersionRefused | None:
    name = entry.text("name")
    if name and name != entry.key:
        why = f"The index has it under {entry.key[:80]}, but calls it {name[:80]}."
        return VersionRefused("name_differs", why)
    if entry.text("type") == "library":
        return library_chart()
    if urls and all(urlsplit(url).scheme not in ("http", "https") for url in urls):
        why = "Its archive is not served over https. Read it from the registry, with a source of its own."
        return VersionRefused("address_not_http", why)
    return None


def library_chart() -> VersionRefused:
    return VersionRefused(
        "library_chart", "This is a library chart: it makes nothing by itself, so it cannot be offered."
    )


def _without_query(url: str) -> str:
    """For people to see: a query may hold a token, and what stands before an @ a password."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return index.clean(urlunsplit((parts.scheme, host, parts.path, "", "")))[:2000]


def _is_keepable(text: str) -> bool:
    return 0 < len(text) <= LONGEST_VALIDATOR and text.isascii() and text.isprintable()
