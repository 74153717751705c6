"""Wake-ups for sources. Rows are the queue: a message that is lost costs no more than time."""

from __future__ import annotations

import structlog

from portal.audit.context import acting
from portal.audit.models import AuditEvent
from portal.celery import app
from services_catalog.models import ChartSource
from services_catalog.sources import syncing
from services_catalog.sources.errors import LeaseLost, SyncUnderWay

log = structlog.get_logger(__name__)

# at a time, so that changes do not wait behind a hundred repositories
MOST_AT_ONCE = 2


def wake(source_id: int) -> None:
    """Tell a worker that a source is due. May fail: the next look finds the row, so nothing depends on it."""
    try:
        sync_source.apply_async((source_id,))
    except Exception:  # the broker's client raises many kinds, and none of them matters here
        log.warning("wake_up_not_sent", source=source_id, exc_info=True)


@app.task
def sync_due_sources() -> None:
    """Send each source that is due to a worker of its own; what waits longest goes first."""
    free = MOST_AT_ONCE - ChartSource.objects.being_read().count()
    due = ChartSource.objects.due().order_by("due_at", "pk").values_list("pk", flat=True)
    for source_id in due[: max(free, 0)]:
        wake(source_id)


@app.task
def sync_source(source_id: int) -> None:
    """Read one source; a second delivery finds it read, or somebody at it."""
    source = ChartSource.objects.due().filter(pk=source_id).first()
    if source is None:
        return
    with acting(AuditEvent.Source.TASK):
        try:
            done = syncing.sync(source)
        except (SyncUnderWay, LeaseLost) as exc:
            log.info("sync_left_to_another", source=source.slug, code=exc.code)
            return
    if done.unfinished:
        wake(source_id)
