"""One version of a source: fetched, checked against what the source said of it, and stored; or refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import structlog
from django.db import transaction

from portal.audit.recording import record
from portal.core import clock
from portal.core.digests import digest_of_bytes, short
from portal.core.errors import InvalidInput, SlipwayError
from portal.core.outbound.errors import NotReached
from services_catalog.archives import PackedChart, pack_files
from services_catalog.models import (
    ChartArchive,
    ChartSource,
    Provenance,
    SourceVersion,
    SourceVersionState,
)
from services_catalog.sources import provenance, selection
from services_catalog.sources.errors import SourceFailed, VersionRefused
from services_catalog.sources.helm_repository import library_chart
from services_catalog.sources.index import clean
from services_catalog.sources.leases import Lease
from services_catalog.sources.offers import Fetched, Offer, Reader
from services_catalog.unpacking import read_archive

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Taken:
    """`digest` is what the version is pinned by from now on."""

    packed: PackedChart
    digest: str
    provenance: Provenance
    signer: str


def take(source: ChartSource, offer: Offer, reader: Reader, known: SourceVersion | None) -> Taken:
    """Fetch and check it, without writing anything. Raises VersionRefused, whatever is wrong with it."""
    if offer.refusal is not None:
        raise offer.refusal
    if known is not None and known.archive_id and offer.digest not in ("", known.declared_digest):
        raise changed(known, offer.digest)
    try:
        fetched = reader.fetch(offer)
        digest = _checked_digest(offer, fetched)
        packed = _packed(offer, fetched)
        proven = provenance.check(source, fetched.archive, _file_name(offer), fetched.provenance)
    except VersionRefused:
        raise
    except (NotReached, SourceFailed) as exc:
        raise VersionRefused(exc.code, exc.message, again=True) from exc
    except SlipwayError as exc:
        raise VersionRefused(exc.code, exc.message, again=not isinstance(exc, InvalidInput)) from exc
    except Exception as exc:
        # what a stranger's chart breaks on our side, it breaks alone
        log.exception("import_broke", source=source.slug, chart=offer.chart, version=offer.version)
        why = f"Taking it broke on our side: {type(exc).__name__}. The log says more."
        raise VersionRefused("import_broke", why, again=True) from exc
    if known is not None and known.archive_id not in (None, packed.digest):
        raise changed(known, packed.digest)
    return Taken(packed, digest, *proven)


def changed(known: SourceVersion, digest: str) -> VersionRefused:
    return VersionRefused(
        "digest_changed",
        f"The source now has something else under this version ({short(digest)} instead of "
        f"{short(known.declared_digest)}). What was imported first stays: a changed chart needs a new "
        "version.",
    )


@transaction.atomic
def store(source: ChartSource, offer: Offer, taken: Taken, lease: Lease) -> SourceVersion:
    """Write it down, if the lease still holds."""
    lease.renew()
    archive, _ = ChartArchive.objects.store(taken.packed)
    metadata = taken.packed.metadata
    facts = {
        "app_version": _text(metadata.get("appVersion"), 100),
        "description": _text(metadata.get("description"), 500),
        "icon_url": _text(metadata.get("icon"), 1000),
        "declared_digest": taken.digest[:80],
        "url": offer.url[:2000],
        "archive": archive,
        "state": SourceVersionState.IMPORTED,
        "refusal_code": "",
        "refusal": "",
        "retry": False,
        "provenance": taken.provenance,
        "signer": taken.signer,
        "gone_at": None,
    }
    row, _ = SourceVersion.objects.update_or_create(
        source=source,
        chart=offer.chart,
        version=offer.version,
        defaults=facts,
        create_defaults={**facts, "seen_at": clock.now()},
    )
    return row


@transaction.atomic
def refuse(
    source: ChartSource, offer: Offer, why: VersionRefused, known: SourceVersion | None, lease: Lease
) -> None:
    """Write down why not, once. What was imported before stays imported, with the reason beside it."""
    lease.renew()
    has_archive = known is not None and known.archive_id is not None
    facts: dict[str, Any] = {
        "state": SourceVersionState.IMPORTED if has_archive else SourceVersionState.REFUSED,
        "refusal_code": why.reason[:60],
        "refusal": clean(why.message)[:1000],
        "retry": why.again,
        "gone_at": None,
    }
    if not has_archive:
        facts |= {
            "app_version": clean(offer.app_version)[:100],
            "description": clean(offer.description)[:500],
            "icon_url": clean(offer.icon_url)[:1000],
            "declared_digest": offer.digest[:80],
            "url": offer.url[:2000],
        }
    if known is not None and all(getattr(known, name) == value for name, value in facts.items()):
        return
    row, _ = SourceVersion.objects.update_or_create(
        source=source,
        chart=offer.chart,
        version=offer.version,
        defaults=facts,
        create_defaults={**facts, "seen_at": clock.now()},
    )
    said = {"chart": offer.chart, "version": offer.version, "code": why.reason}
    record("source.version_refused", source, actor=None, after=said, comment=row.refusal)


def _checked_digest(offer: Offer, fetched: Fetched) -> str:
    if fetched.archive is None:
        return offer.digest
    actual = digest_of_bytes(fetched.archive)
    if offer.digest and offer.digest != actual:
        raise VersionRefused(
            "digest_differs",
            f"The archive has the digest {short(actual)}…, the source says {short(offer.digest)}…. "
            "One of the two is wrong, so nothing was taken.",
        )
    return actual


def _packed(offer: Offer, fetched: Fetched) -> PackedChart:
    files = fetched.files if fetched.files is not None else read_archive(fetched.archive or b"")
    try:
        packed = pack_files(files, label="The chart")
    except ValueError as exc:  # a path that no archive can hold
        raise VersionRefused("chart_unusable", f"The chart cannot be packed: {clean(str(exc))}.") from exc
    if fetched.files is not None:
        read_archive(packed.content)  # with every check of paths that an archive undergoes
    if (packed.name, packed.version) != offer.key:
        raise VersionRefused(
            "chart_differs",
            f"The archive holds {packed.name[:80]} {packed.version[:80]}, which is not what the source says.",
        )
    if selection.CHART_NAME.fullmatch(packed.name) is None:
        raise VersionRefused("name_invalid", "The chart's name is no plain name.")
    if packed.metadata.get("type") == "library":
        raise library_chart()
    return packed


def _file_name(offer: Offer) -> str:
    """As the signature knows the archive."""
    last = offer.url.rpartition("/")[2]
    return last if last.endswith(".tgz") else f"{offer.chart}-{offer.version}.tgz"


def _text(value: Any, most: int) -> str:
    return clean(str(value))[:most] if isinstance(value, str | int | float) else ""
