"""Background work of the audit trail."""

import structlog

from portal.audit import delivering, inbox
from portal.audit.context import acting
from portal.audit.models import AuditEvent
from portal.celery import app

log = structlog.get_logger(__name__)


@app.task
def deliver() -> int:
    """Send the notices that are due by e-mail and to the webhook."""
    with acting(AuditEvent.Source.TASK):
        return delivering.deliver_due()


@app.task
def forget_notices() -> int:
    """Remove notices that were read long ago."""
    return inbox.forget_old()


def wake_deliveries() -> None:
    """Say that notices wait. May fail: the next run finds them, so nothing depends on it."""
    try:
        deliver.apply_async()
    except Exception:  # the broker's client raises many kinds, and none of them matters here
        log.warning("wake_up_not_sent", deliveries=True, exc_info=True)
