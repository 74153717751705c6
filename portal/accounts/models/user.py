"""A person or a service account, and the platform-wide roles."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.functional import cached_property

from portal.accounts.roles import Access, PlatformRoleName


class User(AbstractUser):  # type: ignore[django-manager-missing]
    """Somebody who can sign in. `is_staff` and `is_superuser` mean nothing here: roles are granted by
    name."""

    is_service_account = models.BooleanField(
        default=False, help_text="Acts for automation; can never decide a gate."
    )
    responsible = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="service_accounts",
        help_text="Of a service account: the person it acts for, who had a part in whatever it asks.",
    )

    class Meta(AbstractUser.Meta):
        ordering = ["username"]

    def __str__(self) -> str:
        return self.username

    @property
    def display_name(self) -> str:
        return self.get_full_name() or self.username

    @cached_property
    def access(self) -> Access:
        """Roles, read once for as long as this object lives (one request)."""
        memberships = list(self.memberships.select_related("team"))
        return Access(
            teams={m.team_id: m.role for m in memberships},
            platform=frozenset(grant.role for grant in self.platform_roles.all())
            if self.is_active
            else frozenset(),
            on_call=frozenset(m.team_id for m in memberships if m.on_call) if self.is_active else frozenset(),
            team_slugs=frozenset(m.team.slug for m in memberships),
        )


class PlatformRole(models.Model):
    """A platform-wide role that a person holds."""

    Name = PlatformRoleName

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="platform_roles")
    role = models.CharField(max_length=20, choices=PlatformRoleName.choices)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "role"], name="platform_role_once")]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_role_display()}"
