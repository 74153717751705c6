"""Linking events into a hash chain, and proving it.

hash(n) = sha256(canonical({sequence, previous hash, event digest})); the first link's predecessor is GENESIS.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import IntegrityError, transaction

from portal.audit.models import AuditEvent, AuditLink
from portal.core.digests import digest_of

GENESIS = "sha256:" + "0" * 64
BATCH = 500


@dataclass(frozen=True)
class Verification:
    """Outcome of a walk along the chain. `problem` is None when all is well."""

    checked: int
    unlinked: int
    problem: str | None = None
    sequence: int | None = None
    event_id: str | None = None

    @property
    def intact(self) -> bool:
        return self.problem is None


def link_hash(sequence: int, previous_hash: str, event_digest: str) -> str:
    return digest_of({"sequence": sequence, "previous": previous_hash, "event": event_digest})


def link_new_events(limit: int = BATCH) -> int:
    """Append events that have no link yet, oldest first. Returns how many; 0 also when another linker won
    the race."""
    try:
        with transaction.atomic():
            last = AuditLink.objects.order_by("-sequence").first()
            sequence, previous = (last.sequence, last.hash) if last else (0, GENESIS)
            links = []
            for event in AuditEvent.objects.filter(link=None).order_by("at", "id")[:limit]:
                sequence += 1
                digest = link_hash(sequence, previous, event.digest)
                links.append(AuditLink(sequence=sequence, event=event, previous_hash=previous, hash=digest))
                previous = digest
            AuditLink.objects.bulk_create(links)
            return len(links)
    except IntegrityError:
        return 0  # the sequence is the primary key: of two linkers one loses, and nothing is lost


def verify() -> Verification:
    """Walk the whole chain and name the first record that does not fit."""
    expected, previous, checked = 1, GENESIS, 0
    for link in AuditLink.objects.order_by("sequence").select_related("event").iterator(chunk_size=1000):
        problem = _problem(link, expected, previous)
        if problem:
            return Verification(checked, 0, problem, link.sequence, str(link.event_id))
        expected, previous, checked = expected + 1, link.hash, checked + 1
    return Verification(checked, AuditEvent.objects.filter(link=None).count())


def _problem(link: AuditLink, expected: int, previous: str) -> str | None:
    if link.sequence != expected:
        return f"Record {expected} is missing: the chain goes on with {link.sequence}."
    if link.previous_hash != previous:
        return "The record does not continue the one before it."
    if link.event.computed_digest() != link.event.digest:
        return "The record's content was altered."
    if link.hash != link_hash(link.sequence, previous, link.event.digest):
        return "The record's link was altered."
    return None
