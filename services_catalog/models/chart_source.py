"""Where charts come from."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q

from portal.accounts.encryption import EncryptedJSONField
from portal.accounts.models import User
from portal.accounts.roles import Verb
from portal.core import clock

NEWEST = 10
INTERVAL_SECONDS = 60 * 60
LEAST_INTERVAL_SECONDS = 60


class SourceKind(models.TextChoices):
    TREE = "tree", "The library's files"
    HELM = "helm", "Helm repository"
    OCI = "oci", "OCI registry"
    GIT = "git", "Git folder"


class SyncOutcome(models.TextChoices):
    NEVER = "never", "Never synchronised"
    OK = "ok", "Synchronised"
    PARTLY = "partly", "Some versions refused"
    FAILED = "failed", "Failed"


class ChartSourceQuerySet(models.QuerySet["ChartSource"]):
    def present(self) -> ChartSourceQuerySet:
        """All that were not removed."""
        return self.filter(removed_at=None)

    def visible_to(self, user: User | AnonymousUser) -> ChartSourceQuerySet:
        """Whoever reads all of the audit trail reads sources, which name servers of the organisation."""
        may = isinstance(user, User) and user.is_active and user.access.may(Verb.AUDIT)
        return self.present() if may else self.none()

    def being_read(self) -> ChartSourceQuerySet:
        return self.present().filter(lease_until__gt=clock.now())

    def due(self) -> ChartSourceQuerySet:
        """Enabled, its time has come, and nobody is at it. The tree is loaded by `catalog sync` instead."""
        now = clock.now()
        return (
            self.present()
            .filter(enabled=True)
            .exclude(kind=SourceKind.TREE)
            .filter(Q(due_at=None) | Q(due_at__lte=now))
            .filter(Q(lease_until=None) | Q(lease_until__lte=now))
        )


class ChartSource(models.Model):
    """A place that charts are read from, over and over. Removing one leaves the row as a tombstone."""

    slug = models.SlugField(max_length=60)
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=4, choices=SourceKind.choices)
    url = models.CharField(
        max_length=500, blank=True, help_text="https://…, for a registry oci://…; never with a password in it"
    )
    username = models.CharField(max_length=200, blank=True)
    secret = EncryptedJSONField(
        null=True, default=None, help_text="A password or token. Stored encrypted, never shown."
    )
    keyring = models.TextField(blank=True, help_text="public OpenPGP keys in ASCII armour")
    requires_provenance = models.BooleanField(
        default=False, help_text="take only versions that somebody in the keyring has signed"
    )
    charts = models.JSONField(
        default=list,
        blank=True,
        help_text="helm: patterns of names, empty for all; oci: repositories; git: folders",
    )
    branch = models.CharField(max_length=200, blank=True, help_text="git; empty: the repository's own choice")
    newest = models.PositiveSmallIntegerField(
        default=NEWEST, help_text="how many of the newest versions of each chart are taken"
    )
    prereleases = models.BooleanField(default=False, help_text="whether pre-releases are taken too")
    interval_seconds = models.PositiveIntegerField(
        default=INTERVAL_SECONDS, validators=[MinValueValidator(LEAST_INTERVAL_SECONDS)]
    )
    enabled = models.BooleanField(default=True)
    validators = models.JSONField(
        default=dict, blank=True, help_text="what tells that nothing has changed: etag, last_modified, commit"
    )
    synced_at = models.DateTimeField(
        null=True, blank=True, help_text="When the last sync that got an answer ended."
    )
    tried_at = models.DateTimeField(null=True, blank=True, help_text="When the last sync began.")
    due_at = models.DateTimeField(null=True, blank=True, help_text="When the next sync may begin; none: now.")
    lease_until = models.DateTimeField(null=True, blank=True, help_text="Until when one worker has it.")
    fence = models.PositiveBigIntegerField(
        default=0, help_text="Counts the workers that had it: only the last one may write."
    )
    failures = models.PositiveIntegerField(default=0, help_text="In a row.")
    outcome = models.CharField(max_length=6, choices=SyncOutcome.choices, default=SyncOutcome.NEVER)
    outcome_detail = models.JSONField(
        default=dict, blank=True, help_text="{seen, new, unchanged, refused, gone, seconds, code, reason}"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    removed_at = models.DateTimeField(null=True, blank=True)

    objects = ChartSourceQuerySet.as_manager()

    class Meta:
        ordering = ("slug", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=["slug"], condition=Q(removed_at=None), name="chart_source_slug_unique"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=SourceKind.values), name="chart_source_kind_is_known"
            ),
            models.CheckConstraint(
                condition=Q(outcome__in=SyncOutcome.values), name="chart_source_outcome_is_known"
            ),
            models.CheckConstraint(
                condition=Q(interval_seconds__gte=LEAST_INTERVAL_SECONDS),
                name="chart_source_is_not_asked_all_the_time",
            ),
            models.CheckConstraint(condition=Q(newest__gte=1), name="chart_source_takes_something"),
        )
        indexes = (
            models.Index(
                fields=["due_at"], condition=Q(enabled=True, removed_at=None), name="chart_source_due"
            ),
        )

    def __str__(self) -> str:
        return self.slug

    @property
    def is_tree(self) -> bool:
        return self.kind == SourceKind.TREE

    @property
    def is_syncing(self) -> bool:
        return self.lease_until is not None and self.lease_until > clock.now()

    @property
    def credentials(self) -> tuple[str, str] | None:
        """User name and secret, where there is a secret."""
        secret: Any = self.secret
        return (self.username, str(secret)) if secret else None
