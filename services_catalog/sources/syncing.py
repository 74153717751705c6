"""Bringing what is known of a source in line with what it offers: one sync."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any

import structlog
from django.db import transaction

from portal.audit.recording import record
from portal.core import clock
from portal.core.errors import SlipwayError
from services_catalog.models import ChartSource, SourceVersion, SourceVersionState, SyncOutcome
from services_catalog.sources import examining, importing, leases
from services_catalog.sources.errors import LeaseLost, SyncUnderWay, VersionRefused
from services_catalog.sources.index import clean
from services_catalog.sources.leases import Lease
from services_catalog.sources.limits import LIMITS, Limits
from services_catalog.sources.offers import Listing, Offer, Reader
from services_catalog.sources.readers import reader_of

log = structlog.get_logger(__name__)

FIRST_PAUSE = timedelta(seconds=60)
MOST_NAMED = 50
Known = dict[tuple[str, str], SourceVersion]


@dataclass
class Outcome:
    """What one sync did. `unfinished` versions are left for the next one, which comes at once."""

    outcome: SyncOutcome = SyncOutcome.OK
    seen: int = 0
    new: int = 0
    unchanged: int = 0
    refused: int = 0
    gone: int = 0
    unfinished: int = 0
    seconds: float = 0.0
    code: str = ""
    reason: str = ""
    named: list[str] = field(default_factory=list)

    def detail(self) -> dict[str, Any]:
        facts = asdict(self)
        return {name: facts[name] for name in facts if name not in ("outcome", "named")}


def sync(source: ChartSource, *, limits: Limits = LIMITS) -> Outcome:
    """Read the source once. Whatever is wrong with it, or with one version, is in the outcome.

    Raises SyncUnderWay when somebody else is at it, LeaseLost when somebody has taken over.
    """
    source.refresh_from_db()
    lease = leases.claim(source)
    if lease is None:
        raise SyncUnderWay
    began = time.monotonic()
    run = _Run(source, lease, limits, end=began + limits.seconds)
    try:
        with reader_of(source, limits) as reader:
            run.read(reader)
    except LeaseLost:
        raise
    except SlipwayError as exc:
        run.fail(exc.code, exc.message)
    except Exception as exc:
        # a source must not stay taken by a worker that has stumbled over it
        log.exception("sync_broke", source=source.slug)
        run.fail("sync_broke", f"Reading it broke on our side: {type(exc).__name__}. The log says more.")
    run.outcome.seconds = round(time.monotonic() - began, 1)
    run.finish()
    return run.outcome


@dataclass
class _Run:
    source: ChartSource
    lease: Lease
    limits: Limits
    end: float
    outcome: Outcome = field(default_factory=Outcome)
    validators: dict[str, str] = field(default_factory=dict)
    untaken: bool = False

    def read(self, reader: Reader) -> None:
        known = self._known()
        # what is to be looked at again is not found in an answer of "nothing has changed"
        again = any(row.retry for row in known.values())
        listing = reader.look({} if again else self.source.validators)
        self.validators = dict(listing.validators)
        if listing.unchanged:
            self._keep(known)
        else:
            self._compare(reader, listing, known)
        rows = self._known().values() if self.outcome.new else known.values()
        waiting = examining.due(row for row in rows if row.state != SourceVersionState.GONE)
        self.outcome.unfinished += examining.examine(
            waiting, self.lease, most=self.limits.examinations, end=self.end
        )
        self._conclude(listing)

    def _known(self) -> Known:
        rows = SourceVersion.objects.light().filter(source=self.source).order_by("pk")
        return {(row.chart, row.version): row for row in rows}

    def _keep(self, known: Known) -> None:
        """Nothing has changed since the last time."""
        there = [row for row in known.values() if row.state != SourceVersionState.GONE]
        self.outcome.seen = len(there)
        self.outcome.refused = sum(bool(row.refusal_code) for row in there)
        self.outcome.unchanged = len(there) - self.outcome.refused

    def _compare(self, reader: Reader, listing: Listing, known: Known) -> None:
        self.outcome.seen = len(listing.offers)
        back: list[SourceVersion] = []
        for offer in listing.offers:
            row = known.get(offer.key)
            if row is not None and self._is_settled(offer, row):
                if row.state == SourceVersionState.GONE or self._is_cleared(offer, row):
                    back.append(row)
                self.outcome.refused += bool(row.refusal_code) and row not in back
                self.outcome.unchanged += not row.refusal_code or row in back
            elif time.monotonic() >= self.end:
                self.outcome.unfinished += 1
                self.untaken = True
            else:
                self._take(reader, offer, row)
        self._bring_back(back)
        self._bury(
            row
            for key, row in known.items()
            if row.state != SourceVersionState.GONE
            and key not in listing.listed
            and row.chart not in listing.unread
        )

    def _is_settled(self, offer: Offer, row: SourceVersion) -> bool:
        """Whether nothing is to be fetched, and nothing to be said that is not said already."""
        if row.retry:
            return False
        if offer.refusal is not None:
            return row.state != SourceVersionState.GONE and row.refusal_code == offer.refusal.reason
        if row.archive_id is not None:
            return offer.digest in ("", row.declared_digest)
        refused = row.state == SourceVersionState.REFUSED
        return refused and bool(offer.digest) and offer.digest == row.declared_digest

    def _is_cleared(self, offer: Offer, row: SourceVersion) -> bool:
        """Whether what the source offers is again what was imported."""
        return bool(row.archive_id and row.refusal_code and offer.refusal is None)

    def _take(self, reader: Reader, offer: Offer, row: SourceVersion | None) -> None:
        try:
            taken = importing.take(self.source, offer, reader, row)
        except VersionRefused as why:
            importing.refuse(self.source, offer, why, row, self.lease)
            self.outcome.refused += 1
        else:
            importing.store(self.source, offer, taken, self.lease)
            self.outcome.new += 1
            self.outcome.named.append(f"{offer.chart} {offer.version}")
        self.lease.renew(**leases.progress(self.outcome.detail()))

    def _bring_back(self, rows: list[SourceVersion]) -> None:
        if not rows:
            return
        with transaction.atomic():
            self.lease.renew()
            SourceVersion.objects.filter(pk__in=[row.pk for row in rows]).update(
                state=SourceVersionState.IMPORTED, gone_at=None, refusal_code="", refusal=""
            )
        self.outcome.named += [f"{row.chart} {row.version} is back" for row in rows]

    def _bury(self, rows: Iterable[SourceVersion]) -> None:
        lost = list(rows)
        if not lost:
            return
        with transaction.atomic():
            self.lease.renew()
            SourceVersion.objects.filter(pk__in=[row.pk for row in lost]).update(
                state=SourceVersionState.GONE, gone_at=clock.now(), retry=False
            )
        self.outcome.gone = len(lost)
        self.outcome.named += [f"{row.chart} {row.version} is gone" for row in lost]

    def _conclude(self, listing: Listing) -> None:
        """What all that comes to."""
        made = self.outcome
        made.named = made.named[:MOST_NAMED]
        if self.untaken:  # which an answer of "nothing has changed" would never bring up again
            self.validators = {}
        if listing.unread:
            name, error = next(iter(listing.unread.items()))
            everything = not listing.offers and not listing.listed
            made.outcome = SyncOutcome.FAILED if everything else SyncOutcome.PARTLY
            more = f" ({len(listing.unread) - 1} more could not be read.)" if len(listing.unread) > 1 else ""
            made.code, made.reason = error.code, clean(f"{name}: {error.message}{more}")
        elif made.refused:
            made.outcome = SyncOutcome.PARTLY
            made.code = "versions_refused"
            made.reason = (
                f"{made.refused} version{'s were' if made.refused > 1 else ' was'} refused; each says why."
            )
        if made.unfinished and not made.reason:
            made.reason = f"{made.unfinished} more follow at once."

    def fail(self, code: str, message: str) -> None:
        made = self.outcome
        made.outcome, made.code, made.reason = SyncOutcome.FAILED, code, clean(message)

    @transaction.atomic
    def finish(self) -> None:
        """Let go, and say when to come back: after a failure sooner than usual, but each time later."""
        now, made, source = clock.now(), self.outcome, self.source
        usual = timedelta(seconds=source.interval_seconds)
        facts: dict[str, Any] = {"outcome": made.outcome, "outcome_detail": made.detail()}
        if made.outcome == SyncOutcome.FAILED:
            failures = source.failures + 1
            pause = min(usual, FIRST_PAUSE * 2 ** min(failures - 1, 20))
            facts |= {"failures": failures}
        else:
            pause = timedelta(0) if made.unfinished else usual
            facts |= {"failures": 0, "synced_at": now, "validators": self.validators}
        self.lease.let_go(due_at=now + pause, **facts)
        said_before = (source.outcome, source.outcome_detail.get("reason", ""))
        if made.new or made.gone or made.named or (made.outcome, made.reason) != said_before:
            action = "source.failed" if made.outcome == SyncOutcome.FAILED else "source.synchronised"
            after = {**made.detail(), "outcome": str(made.outcome), "versions": made.named}
            record(action, source, actor=None, after=after)
