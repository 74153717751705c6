"""Background work on the trail itself. Apart from `tasks`, which notifying imports."""

from __future__ import annotations

import structlog

from portal.audit import checkpoints, passes
from portal.audit.context import acting
from portal.audit.models import AuditEvent
from portal.celery import app

log = structlog.get_logger(__name__)


@app.task
def checkpoint() -> None:
    """Sign how far the trail has come, if it has; where it has lost something, say so instead."""
    try:
        checkpoints.take()
    except checkpoints.CheckpointRefused as refused:
        log.critical("audit_trail_broken", problem=str(refused))
        with acting(AuditEvent.Source.TASK):
            passes.alarm(refused.fault)


@app.task
def verify() -> None:
    """Go on proving the trail."""
    with acting(AuditEvent.Source.TASK):
        moved = passes.step()
    if moved and moved.found:
        log.critical("audit_trail_broken", problem=str(moved.found))
