"""Who owns things."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from portal.accounts.roles import TeamRole


class Team(models.Model):
    """Owns applications and, through them, instances and their cost."""

    slug = models.SlugField(max_length=30, unique=True)
    name = models.CharField(max_length=80)
    contact = models.CharField(max_length=200, blank=True, help_text="Where to reach the team.")
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, through="Membership", related_name="teams")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A person's role inside a team."""

    Role = TeamRole

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=12, choices=TeamRole.choices, default=TeamRole.DEVELOPER)

    on_call = models.BooleanField(
        default=False, help_text="A maintainer on call may pass a gate in an emergency."
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "user"], name="membership_once")]

    def __str__(self) -> str:
        return f"{self.user} in {self.team}: {self.role}"
