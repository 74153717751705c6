"""One thing that somebody did or decided."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models

from portal.accounts.models import Team, User
from portal.accounts.permissions import scoped
from portal.accounts.roles import Verb
from portal.core.digests import digest_of


class AuditEventQuerySet(models.QuerySet["AuditEvent"]):
    def visible_to(self, user: User | AnonymousUser) -> AuditEventQuerySet:
        """Auditors and other readers of the trail see all; members see what concerns their teams; all see
        their own acts."""
        if isinstance(user, User) and user.access.may(Verb.AUDIT):
            return self
        own = self.filter(actor=user) if isinstance(user, User) else self.none()
        return (scoped(self, user, "team_id") | own).distinct()  # type: ignore[return-value]


class AuditEvent(models.Model):
    """Immutable. Written in the transaction of what it records; triggers refuse UPDATE and DELETE."""

    class Source(models.TextChoices):
        PAGE = "page"
        API = "api"
        TASK = "task"
        COMMAND = "command"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    at = models.DateTimeField(db_index=True)
    action = models.CharField(
        max_length=60, db_index=True, help_text="noun.verb, as documented in docs/audit.md"
    )
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    actor_name = models.CharField(
        max_length=150, help_text="The name at that time, or 'slipway' for the portal itself."
    )
    source = models.CharField(max_length=8, choices=Source.choices)
    request_id = models.CharField(max_length=64, blank=True)
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="+")
    object_type = models.CharField(max_length=40)
    object_id = models.CharField(max_length=64)
    object_label = models.CharField(max_length=200)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    comment = models.TextField(blank=True)
    digest = models.CharField(max_length=71, help_text="Of this record's own content.")

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["object_type", "object_id", "-at"], name="audit_by_object"),
            models.Index(fields=["team", "-at"], name="audit_by_team"),
            models.Index(fields=["actor", "-at"], name="audit_by_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.object_label} by {self.actor_name}"

    def content(self) -> dict[str, Any]:
        """What the digest covers: every field but the digest, times in ISO 8601 UTC with microseconds."""
        return {
            "id": str(self.id),
            "at": self.at.isoformat(timespec="microseconds"),
            "action": self.action,
            "actor": self.actor_id,
            "actor_name": self.actor_name,
            "source": self.source,
            "request_id": self.request_id,
            "team": self.team_id,
            "object_type": self.object_type,
            "object_id": self.object_id,
            "object_label": self.object_label,
            "before": self.before,
            "after": self.after,
            "comment": self.comment,
        }

    def computed_digest(self) -> str:
        return digest_of(self.content())
