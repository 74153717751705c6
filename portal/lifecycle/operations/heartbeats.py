"""Keeping a claim while its holder works, and telling the holder when to stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from django.db import DatabaseError, InterfaceError, connection
from django.db.models import QuerySet

from portal.core import clock
from portal.lifecycle.models import ChangeRequest
from portal.lifecycle.operations.claims import LEASE, Claim
from portal.lifecycle.states import Phase

log = structlog.get_logger(__name__)

HEARTBEAT_SECONDS = LEASE.total_seconds() / 6
# how often a worker looks whether somebody asked to stop; most steps are over before the first look, which
# would cost a connection of its own
LOOK_SECONDS = 2.0
# so long before its lease ends a worker that cannot renew it stops: helm needs a moment to end
SAFETY = LEASE / 4


class Watch:
    """What whoever works under a claim has to heed. `stop` is set when the claim is lost, or cannot be proved
    any longer, or somebody asked to stop the change: end what you do, at once."""

    def __init__(self, claim: Claim) -> None:
        self.stop = threading.Event()
        self._claim = claim
        self._done = threading.Event()
        self._safe_until = time.monotonic() + (LEASE - SAFETY).total_seconds()

    def keep(self) -> None:
        """Renew the lease until `end`. Without a word from the database for nearly as long as the lease, the
        claim counts as lost: another worker may take it in a moment."""
        pause, renewed = min(HEARTBEAT_SECONDS, LOOK_SECONDS), time.monotonic()
        try:
            while not self._done.wait(pause):
                now = time.monotonic()
                try:
                    if now - renewed >= HEARTBEAT_SECONDS:
                        self._renew(now)
                        renewed = now
                    if self.stop.is_set() or self._is_to_stop():
                        self.stop.set()
                        return
                except (DatabaseError, InterfaceError):
                    log.warning("heartbeat_missed", change=self._claim.change_id, exc_info=True)
                    connection.close()
                    if time.monotonic() >= self._safe_until:
                        self.stop.set()
                        return
        finally:
            connection.close()

    def _renew(self, now: float) -> None:
        if self._rows.update(lease_expires_at=clock.now() + LEASE):
            self._safe_until = now + (LEASE - SAFETY).total_seconds()
        else:
            self.stop.set()

    def _is_to_stop(self) -> bool:
        return self._rows.exclude(cancel_asked_at=None).exclude(phase=Phase.REVERTING).exists()

    @property
    def _rows(self) -> QuerySet[ChangeRequest]:
        return ChangeRequest.objects.filter(pk=self._claim.change_id, **self._claim.conditions)

    def end(self) -> None:
        self._done.set()


@contextmanager
def heartbeat(claim: Claim) -> Iterator[threading.Event]:
    """Renew the lease in the background. The event is set when to stop; see `Watch`."""
    watch = Watch(claim)
    thread = threading.Thread(target=watch.keep, name=f"lease-{claim.change_id}", daemon=True)
    thread.start()
    try:
        yield watch.stop
    finally:
        watch.end()
        thread.join()
