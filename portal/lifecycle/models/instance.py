"""An offering made real."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models

from portal.accounts.models import User
from portal.accounts.permissions import scoped
from portal.clusters.types import Target
from portal.environments.models import Environment
from portal.lifecycle.models.application import Application
from portal.lifecycle.states import Health
from services_catalog.models import Offering

# Namespace bundles are Helm releases too; theirs are recorded where no team can reach.
SYSTEM_NAMESPACE = "slipway-system"


# What list rows show of the rows beside them; the rest of those stays in the database.
LIST_FIELDS = (
    "application__slug",
    "application__name",
    "application__team__slug",
    "application__team__name",
    "environment__slug",
    "environment__name",
    "environment__order",
    "environment__stripe",
    "environment__approvals_required",
    "environment__cluster",
    "offering__slug",
    "offering__name",
    "offering__icon",
    "offering__role",
    "offering__cluster_scoped",
)
RELEASE_FIELDS = (
    "instance",
    "number",
    "digest",
    "offering_version__version",
    "offering_version__offering",
    "offering_version__status",
    "offering_version__retires_on",
    "plan",
)
DRIFT_FIELDS = ("status", "changed", "removed", "added", "missing", "foreign", "tolerated")
OWN_FIELDS = (
    "name",
    "health",
    "health_message",
    "health_since",
    "health_checked_at",
    "created_at",
    "created_by",
    "retirement_announced_at",
    "retirement_announced_by",
    "retired_at",
)


class ServiceInstanceQuerySet(models.QuerySet["ServiceInstance"]):
    def visible_to(self, user: User | AnonymousUser) -> ServiceInstanceQuerySet:
        return scoped(self, user, "application__team_id")  # type: ignore[return-value]

    def alive(self) -> ServiceInstanceQuerySet:
        return self.filter(retired_at=None)

    def for_lists(self) -> ServiceInstanceQuerySet:
        """With all that a list row shows, in one query, and nothing that it does not."""
        return self.select_related(
            "application__team",
            "environment",
            "offering",
            "current_release__offering_version",
            "drift_report",
        ).only(
            *OWN_FIELDS,
            *LIST_FIELDS,
            *(f"current_release__{field}" for field in RELEASE_FIELDS),
            *(f"drift_report__{field}" for field in DRIFT_FIELDS),
        )


class ServiceInstance(models.Model):
    """An offering made real for an application in an environment; a namespace is one too."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="instances")
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="instances")
    offering = models.ForeignKey(Offering, on_delete=models.PROTECT, related_name="instances")
    name = models.CharField(max_length=53)
    current_release = models.ForeignKey(
        "Release",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="The last good one.",
    )
    health = models.CharField(max_length=8, choices=Health.choices, default=Health.WAITING)
    health_message = models.CharField(max_length=500, blank=True)
    health_checked_at = models.DateTimeField(null=True, blank=True)
    health_since = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    retirement_announced_at = models.DateTimeField(null=True, blank=True)
    retirement_announced_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    retired_at = models.DateTimeField(null=True, blank=True)

    objects = ServiceInstanceQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["application", "environment", "name"],
                condition=models.Q(retired_at=None),
                name="instance_name_once_while_alive",
            )
        ]
        indexes = [
            models.Index(fields=["environment", "name", "id"], name="instance_by_environment"),
            models.Index(
                fields=["name", "id"], condition=models.Q(retired_at=None), name="instance_alive_by_name"
            ),
            models.Index(
                fields=["offering", "name", "id"],
                condition=models.Q(retired_at=None),
                name="instance_alive_by_offering",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def team_id(self) -> int:
        return self.application.team_id

    @property
    def is_namespace(self) -> bool:
        return self.offering.is_namespace

    @property
    def namespace(self) -> str:
        """The namespace in the cluster in which this instance's objects live."""
        return self.application.namespace_in(self.environment)

    @property
    def target(self) -> Target:
        """Where Helm keeps the release."""
        return Target(release=self.name, namespace=SYSTEM_NAMESPACE if self.is_namespace else self.namespace)
