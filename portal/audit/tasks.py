"""Background work of the audit trail."""

from portal.audit import chain
from portal.celery import app


@app.task
def link() -> int:
    """Append links for events written since the last run."""
    total = 0
    while linked := chain.link_new_events():
        total += linked
    return total
