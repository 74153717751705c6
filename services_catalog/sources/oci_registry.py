"""An OCI registry: tags are versions, a manifest names the layers of chart and signature, blobs hold them.

https://github.com/opencontainers/distribution-spec/blob/main/spec.md and Helm's media types.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urljoin, urlsplit

from portal.core.digests import digest_of_bytes
from portal.core.errors import SlipwayError
from portal.core.outbound.calls import Answer
from services_catalog import semver
from services_catalog.models import ChartSource
from services_catalog.sources import selection
from services_catalog.sources.errors import (
    SourceFailed,
    SourceTooLarge,
    SourceUnreadable,
    VersionRefused,
)
from services_catalog.sources.fetching import check, error_of
from services_catalog.sources.limits import Limits
from services_catalog.sources.oci_tokens import Tokens
from services_catalog.sources.offers import Fetched, Listing, Offer

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.cncf.helm.config.v1+json"
CHART = frozenset({"application/vnd.cncf.helm.chart.content.v1.tar+gzip", "application/tar+gzip"})
PROVENANCE = "application/vnd.cncf.helm.chart.provenance.v1.prov"
PAGE, MOST_PAGES = 1000, 100
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_NEXT = re.compile(r"<([^<>]{1,2000})>\s*;\s*rel=\"?next\"?")


@dataclass(frozen=True)
class Blobs:
    """Where a version's content is."""

    repository: str
    chart: str
    provenance: str = ""


@dataclass(frozen=True)
class OciRegistry:
    source: ChartSource
    tokens: Tokens

    @property
    def limits(self) -> Limits:
        return self.tokens.fetcher.limits

    def look(self, validators: Mapping[str, str]) -> Listing:
        """All repositories; one that cannot be read says nothing of the others."""
        offers: list[Offer] = []
        listed: set[tuple[str, str]] = set()
        unread: dict[str, SlipwayError] = {}
        charts: set[str] = set()
        for name in self.source.charts:
            repository = "/".join(part for part in (self._prefix(), name) if part)
            chart = repository.rpartition("/")[2]
            if chart in charts:
                unread[name] = SourceFailed(f"Another repository holds a chart called {chart} already.")
                continue
            charts.add(chart)
            try:
                found = self._versions(repository, chart)
            except SlipwayError as exc:
                unread[chart] = exc
                continue
            listed.update(offer.key for offer in found)
            newest = selection.newest(found, self.source.newest, prereleases=self.source.prereleases)
            offers += [self._looked_up(offer, repository) for offer in newest]
        return Listing(offers, frozenset(listed), unread=unread)

    def fetch(self, offer: Offer) -> Fetched:
        blobs: Blobs = offer.handle
        archive = self._blob(blobs.repository, blobs.chart, self.limits.archive_bytes, "The chart's layer")
        signature = None
        if blobs.provenance:
            most = self.limits.provenance_bytes
            signature = self._blob(blobs.repository, blobs.provenance, most, "The signature's layer")
            if digest_of_bytes(signature) != blobs.provenance:
                raise VersionRefused("digest_differs", "The signature is not what its digest says.")
        return Fetched(archive=archive, provenance=signature)

    def _prefix(self) -> str:
        return urlsplit(self.source.url).path.strip("/")

    def _base(self, repository: str) -> str:
        parts = urlsplit(self.tokens.fetcher.base)
        return f"{parts.scheme}://{parts.netloc}/v2/{repository}"

    def _versions(self, repository: str, chart: str) -> list[Offer]:
        """Every tag that is a version; others (latest, signatures of images) are none of ours."""
        host = urlsplit(self.tokens.fetcher.base).netloc
        found = []
        for tag in self._tags(repository):
            version = tag.replace("_", "+")  # which a tag cannot hold
            if semver.is_semver(version.removeprefix("v")):
                url = f"oci://{host}/{repository}:{tag}"
                found.append(selection.judged(Offer(chart, version, url=url, handle=tag)))
        return found

    def _tags(self, repository: str) -> list[str]:
        url = f"{self._base(repository)}/tags/list?n={PAGE}"
        tags: list[str] = []
        for _ in range(MOST_PAGES):
            answer = check(self._get(url, repository), f"The tags of {repository}")
            tags += [tag for tag in _list(_object(answer.body), "tags") if isinstance(tag, str)]
            if len(tags) > self.limits.tags:
                break
            onward = _NEXT.search(answer.headers.get("link", ""))
            if onward is None:
                return tags
            url = urljoin(url, onward.group(1))
        raise SourceTooLarge(f"{repository} has more than {self.limits.tags:,} tags, or its list has no end.")

    def _looked_up(self, offer: Offer, repository: str) -> Offer:
        """With what its manifest says, or why that cannot be told."""
        if offer.refusal is not None:
            return offer
        try:
            return self._described(offer, repository)
        except VersionRefused as why:
            return replace(offer, refusal=why)
        except SlipwayError as exc:
            return replace(offer, refusal=VersionRefused(exc.code, exc.message, again=True))

    def _described(self, offer: Offer, repository: str) -> Offer:
        url = f"{self._base(repository)}/manifests/{offer.handle}"
        answer = check(self._get(url, repository, Accept=MANIFEST), "Its manifest")
        said = answer.headers.get("docker-content-digest", "")
        if _DIGEST.fullmatch(said) and said != digest_of_bytes(answer.body):
            raise VersionRefused("digest_differs", "Its manifest is not what its digest says.")
        manifest = _object(answer.body)
        config = manifest.get("config")
        if not isinstance(config, dict) or config.get("mediaType") != CONFIG:
            raise VersionRefused("not_a_chart", "What has this tag is not a Helm chart.")
        layers = [layer for layer in _list(manifest, "layers") if isinstance(layer, dict)]
        chart = [layer for layer in layers if layer.get("mediaType") in CHART]
        signature = [layer for layer in layers if layer.get("mediaType") == PROVENANCE]
        if len(chart) != 1 or len(signature) > 1:
            raise VersionRefused("not_a_chart", "Its manifest must name one layer with a chart.")
        digest = _digest(chart[0])
        size = chart[0].get("size")
        if not isinstance(size, int) or size > self.limits.archive_bytes:
            most = self.limits.archive_bytes // 1024 // 1024
            raise VersionRefused("too_large", f"Its archive has more than {most} MiB.")
        handle = Blobs(repository, digest, _digest(signature[0]) if signature else "")
        return replace(offer, digest=digest, handle=handle)

    def _blob(self, repository: str, digest: str, most_bytes: int, what: str) -> bytes:
        answer = self.tokens.get(
            f"{self._base(repository)}/blobs/{digest}",
            repository,
            seconds=self.limits.archive_seconds,
            most_bytes=most_bytes,
        )
        if answer.status != 200:
            raise VersionRefused("archive_not_served", error_of(answer.status, what).message, again=True)
        return answer.body

    def _get(self, url: str, repository: str, **headers: str) -> Answer:
        return self.tokens.get(
            url,
            repository,
            seconds=self.limits.answer_seconds,
            most_bytes=self.limits.answer_bytes,
            headers=headers,
        )


def _digest(descriptor: Mapping[str, Any]) -> str:
    digest = descriptor.get("digest")
    if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
        raise VersionRefused("digest_unknown", "Its manifest pins a layer by something else than sha256.")
    return digest


def _object(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise SourceUnreadable("The registry answers with something else than a JSON object.")
    return found


def _list(holder: Mapping[str, Any], name: str) -> list[Any]:
    found = holder.get(name)
    return found if isinstance(found, list) else []
