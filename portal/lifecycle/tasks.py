"""Wake-ups. A task loads nothing itself, calls one operation, and names when to come back."""

from __future__ import annotations

from typing import Any

import structlog
from celery import Task
from celery.signals import celeryd_after_setup

from portal.audit.context import acting
from portal.audit.models import AuditEvent
from portal.celery import app
from portal.lifecycle.operations import (
    blast_radius,
    bypasses,
    claims,
    exception_ends,
    expiry,
    guarding,
    health,
    installation,
    reconcile,
    reminders,
    scanning,
    settling,
)
from portal.lifecycle.operations.evidence import gathering
from portal.lifecycle.selectors import bundle, changes

log = structlog.get_logger(__name__)


@celeryd_after_setup.connect
def compile_policies(**_: Any) -> None:
    """Once, before the pool's processes are forked."""
    bundle.load_early()


def wake(change_id: int, *, countdown: float = 0.0) -> None:
    """Tell a worker that a change is due. May fail: the sweep finds the row again, so nothing depends on
    it."""
    try:
        advance.apply_async((change_id,), countdown=countdown)
    except Exception:  # the broker's client raises many kinds, and none of them matters here
        log.warning("wake_up_not_sent", change=change_id, exc_info=True)


def wake_evidence(change_id: int) -> None:
    """Tell a worker that evidence is wanted. As with `wake`, nothing depends on it."""
    try:
        gather_evidence.apply_async((change_id,))
    except Exception:  # as above
        log.warning("wake_up_not_sent", evidence=change_id, exc_info=True)


def wake_blast_radius(radius_id: int) -> None:
    """Tell a worker that a question waits. As with `wake`, nothing depends on it."""
    try:
        work_out_blast_radius.apply_async((radius_id,))
    except Exception:  # as above
        log.warning("wake_up_not_sent", blast_radius=radius_id, exc_info=True)


@app.task(bind=True)
def advance(self: Task[..., None], change_id: int) -> None:
    """Do the next step of one change."""
    with acting(AuditEvent.Source.TASK, request_id=str(self.request.id or "")):
        seconds = reconcile.advance(change_id, owner=claims.worker_name())
    if seconds is not None:
        wake(change_id, countdown=seconds)


@app.task
def sweep() -> None:
    """Find what no message speaks of any more: lost wake-ups, expired leases, changes that nobody decided."""
    with acting(AuditEvent.Source.TASK):
        expiry.expire_due()
        settling.settle()
    for change_id in changes.due_ids():
        wake(change_id)
    for change_id in gathering.due_ids():
        wake_evidence(change_id)
    for radius_id in blast_radius.due_ids():
        wake_blast_radius(radius_id)


@app.task
def remind() -> None:
    """Tell people again what waits for them, and others what has waited too long."""
    with acting(AuditEvent.Source.TASK):
        reminders.remind()


@app.task
def refresh_health() -> None:
    """Look at the settled instances that were looked at longest ago."""
    health.refresh_oldest()


@app.task
def work_out_blast_radius(radius_id: int) -> None:
    """Answer what a proposal would break; a second delivery finds it answered or taken."""
    blast_radius.work_out(radius_id)


@app.task
def gather_evidence(change_id: int) -> None:
    """Find out what a decision rests on; a second delivery finds it gathered or taken."""
    gathering.gather(change_id)


@app.task
def scan_fleet() -> None:
    """Judge what runs and may have changed, or may be judged otherwise, since it was judged last."""
    scanning.scan_due()


@app.task
def tidy_exceptions() -> None:
    """Announce the ends of exceptions, and put to rest those that are over."""
    with acting(AuditEvent.Source.TASK):
        exception_ends.tidy()


@app.task
def keep_policies_installed() -> None:
    """Bring clusters up to date that have the policies installed."""
    with acting(AuditEvent.Source.TASK):
        installation.keep_installed()


@app.task
def watch_gates() -> None:
    """Keep the guards around gates as they are set, and count what went around them."""
    with acting(AuditEvent.Source.TASK):
        guarding.keep()
        bypasses.watch_oldest()
