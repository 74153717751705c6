"""One thing that somebody did or decided."""

from __future__ import annotations

import uuid
from datetime import UTC
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q

from portal.accounts.models import Team, User
from portal.accounts.permissions import scoped
from portal.accounts.roles import Verb
from portal.audit.judging import content_digest, sparse


class AuditEventQuerySet(models.QuerySet["AuditEvent"]):
    def visible_to(self, user: User | AnonymousUser) -> AuditEventQuerySet:
        """Auditors and other readers of the trail see all; members see what concerns their teams; all see
        their own acts, and what was done for them."""
        if isinstance(user, User) and user.access.may(Verb.AUDIT):
            return self
        if not isinstance(user, User):
            return self.none()
        return scoped(self, user, "team_id") | self.filter(Q(actor=user) | Q(on_behalf_of=user))  # type: ignore[return-value]


class AuditEvent(models.Model):
    """Immutable. Written in the transaction of what it records, behind the last one of its lane; triggers
    refuse UPDATE, DELETE and TRUNCATE."""

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
    actor = models.ForeignKey(  # here and below: an index of our own begins with it
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    actor_name = models.CharField(
        max_length=150, help_text="The name at that time, or 'slipway' for the portal itself."
    )
    on_behalf_of = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        help_text="For whom, where that is somebody else than the actor.",
    )
    on_behalf_of_name = models.CharField(max_length=150, blank=True)
    source = models.CharField(max_length=8, choices=Source.choices)
    request_id = models.CharField(max_length=64, blank=True)
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    object_type = models.CharField(max_length=40)
    object_id = models.CharField(max_length=64)
    object_label = models.CharField(max_length=200)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    comment = models.TextField(blank=True)
    digest = models.CharField(max_length=71, help_text="Of this record's own content.")
    lane = models.PositiveSmallIntegerField(help_text="One of the chains that are written side by side.")
    sequence = models.PositiveBigIntegerField(help_text="Position in the lane, from 1, without gaps.")
    previous_hash = models.CharField(max_length=71)
    hash = models.CharField(max_length=71, help_text="Of place, digest and the hash of the record before.")

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["object_type", "object_id", "-at"], name="audit_by_object"),
            models.Index(fields=["team", "-at"], name="audit_by_team"),
            models.Index(fields=["actor", "-at"], name="audit_by_actor"),
            models.Index(
                fields=["on_behalf_of", "-at"],
                name="audit_by_on_behalf_of",
                condition=Q(on_behalf_of__isnull=False),
            ),
            models.Index(fields=["request_id"], name="audit_by_request", condition=~Q(request_id="")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["lane", "sequence"], name="audit_place"),
            models.CheckConstraint(condition=Q(sequence__gte=1), name="audit_sequence_from_one"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.object_label} by {self.actor_name}"

    def content(self) -> dict[str, Any]:
        """What the digest covers, in the types of docs/audit.md ("The record in bytes")."""
        return sparse(
            {
                "id": str(self.id),
                "at": self.at.astimezone(UTC).isoformat(timespec="microseconds"),
                "action": self.action,
                "actor": self.actor_id,
                "actor_name": self.actor_name,
                "on_behalf_of": self.on_behalf_of_id,
                "on_behalf_of_name": self.on_behalf_of_name,
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
        )

    def computed_digest(self) -> str:
        return content_digest(self.content())
