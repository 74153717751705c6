"""A registered Kubernetes API."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from portal.accounts.encryption import EncryptedJSONField
from portal.clusters.types import Capabilities, Connection
from portal.core import clock

CONCURRENCY = 20


class ClusterQuerySet(models.QuerySet["Cluster"]):
    def answering(self) -> ClusterQuerySet:
        """Without those that are left alone for the moment, since they did not answer."""
        return self.filter(Q(retry_at=None) | Q(retry_at__lte=clock.now()))


class Cluster(models.Model):
    """A Kubernetes API that the portal can reach with a kubeconfig."""

    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    kubeconfig = EncryptedJSONField(help_text="The kubeconfig's YAML text. Stored encrypted, never shown.")
    context = models.CharField(
        max_length=120, blank=True, help_text="Empty: the kubeconfig's current context."
    )
    version = models.CharField(max_length=40, blank=True, help_text="What the API server last announced.")
    api_versions = models.JSONField(default=list, blank=True, help_text="For charts that ask .Capabilities.")
    reachable = models.BooleanField(default=True)
    message = models.CharField(max_length=500, blank=True, help_text="Why it is unreachable.")
    checked_at = models.DateTimeField(null=True, blank=True)
    concurrency = models.PositiveSmallIntegerField(
        default=CONCURRENCY, help_text="How many workers may be at work on changes here at once."
    )
    failures = models.PositiveSmallIntegerField(default=0, help_text="In a row, of reaching it for a change.")
    unreachable_since = models.DateTimeField(null=True, blank=True)
    retry_at = models.DateTimeField(
        null=True, blank=True, help_text="Until then it is left alone; the first after that tries it out."
    )
    policies_installed = models.BooleanField(
        default=False, help_text="Whether the portal keeps its policies installed here."
    )
    policies_digest = models.CharField(
        max_length=71, blank=True, help_text="Of what was installed last; empty: install again."
    )
    policies_checked_at = models.DateTimeField(null=True, blank=True)
    policies_message = models.CharField(
        max_length=500, blank=True, help_text="Why installing or comparing did not work, or what has drifted."
    )
    guard_digest = models.CharField(
        max_length=71, blank=True, help_text="Of the guard around gates as installed last; empty: again."
    )
    guard_checked_at = models.DateTimeField(null=True, blank=True)
    guard_message = models.CharField(
        max_length=500, blank=True, help_text="Why installing the guard did not work, or what has drifted."
    )

    objects = ClusterQuerySet.as_manager()

    class Meta:
        ordering = ["slug"]
        constraints = [
            models.CheckConstraint(condition=Q(concurrency__gte=1), name="cluster_lets_somebody_work"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def connection(self) -> Connection:
        return Connection(name=self.slug, kubeconfig=self.kubeconfig, context=self.context or None)

    @property
    def capabilities(self) -> Capabilities | None:
        """What charts are rendered for, or None before the cluster was ever reached."""
        if not self.version:
            return None
        return Capabilities(kube_version=self.version, api_versions=tuple(self.api_versions))
