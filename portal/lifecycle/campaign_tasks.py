"""Wake-ups of upgrade campaigns. They stand above the services: to open a change is to decide."""

from __future__ import annotations

from portal.audit.context import acting
from portal.audit.models import AuditEvent
from portal.celery import app
from portal.lifecycle import wakeups
from portal.lifecycle.selectors import campaigns
from portal.lifecycle.services.campaigns import advancing


@app.task
def advance_campaigns() -> None:
    """Find the campaigns in which something may be to do."""
    for campaign_id in campaigns.due_ids():
        wakeups.send(advance_campaign, campaign_id)


@app.task
def advance_campaign(campaign_id: int) -> None:
    """One round; a second delivery finds nothing to do, or does what the first has left."""
    with acting(AuditEvent.Source.TASK):
        advancing.advance(campaign_id)
