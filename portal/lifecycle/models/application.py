"""What a team runs, across environments."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.validators import RegexValidator
from django.db import models

from portal.accounts.models import Team, User
from portal.accounts.permissions import scoped
from portal.core.names import DNS_LABEL
from portal.environments.models import Environment


class ApplicationQuerySet(models.QuerySet["Application"]):
    def visible_to(self, user: User | AnonymousUser) -> ApplicationQuerySet:
        return scoped(self, user, "team_id")  # type: ignore[return-value]


class Application(models.Model):
    """Owned by one team; has at most one namespace in each environment, named
    `<application>-<environment>`."""

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="applications")
    slug = models.CharField(
        max_length=30,
        unique=True,
        validators=[RegexValidator(DNS_LABEL, "Use lower case letters, digits and '-'.")],
    )
    name = models.CharField(max_length=80)
    description = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = ApplicationQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.slug

    def namespace_in(self, environment: Environment) -> str:
        """The name of this application's namespace in `environment`."""
        return f"{self.slug}-{environment.slug}"
