"""The chain."""

from __future__ import annotations

from django.db import models

from portal.audit.models.event import AuditEvent


class AuditLink(models.Model):
    """Position of one event in the chain.

    Kept apart from the event, so that writing an event never waits for its predecessor: one linker appends
    links in batches, seconds later, and writers do not queue behind one row.
    """

    sequence = models.PositiveBigIntegerField(primary_key=True)
    event = models.OneToOneField(AuditEvent, on_delete=models.PROTECT, related_name="link")
    previous_hash = models.CharField(max_length=71)
    hash = models.CharField(max_length=71)

    class Meta:
        ordering = ["sequence"]

    def __str__(self) -> str:
        return f"#{self.sequence}"
