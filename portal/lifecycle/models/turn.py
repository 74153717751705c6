"""Whose turn it is."""

from __future__ import annotations

from django.db import models

from portal.accounts.models import Team


class TeamTurn(models.Model):
    """When a worker last took up a change of a team: of several teams, the one that waits longest is next."""

    team = models.OneToOneField(Team, primary_key=True, on_delete=models.CASCADE, related_name="turn")
    served_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.team} was served at {self.served_at:%H:%M:%S}"
