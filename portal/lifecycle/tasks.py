"""Wake-ups. A task loads nothing itself, calls one operation, and names when to come back."""

from __future__ import annotations

import structlog
from celery import Task

from portal.audit.context import acting
from portal.audit.models import AuditEvent
from portal.celery import app
from portal.lifecycle.operations import claims, expiry, health, reconcile
from portal.lifecycle.selectors import changes

log = structlog.get_logger(__name__)


def wake(change_id: int, *, countdown: float = 0.0) -> None:
    """Tell a worker that a change is due. May fail: the sweep finds the row again, so nothing depends on
    it."""
    try:
        advance.apply_async((change_id,), countdown=countdown)
    except Exception:  # the broker's client raises many kinds, and none of them matters here
        log.warning("wake_up_not_sent", change=change_id, exc_info=True)


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
    for change_id in changes.due_ids():
        wake(change_id)


@app.task
def refresh_health() -> None:
    """Look at the settled instances that were looked at longest ago."""
    health.refresh_oldest()
