"""States and moves of a raise of a team's quota, as data."""

from __future__ import annotations

from django.db import models

from portal.core.transitions import Machine


class RaiseState(models.TextChoices):
    REQUESTED = "requested", "Waiting for a decision"
    GRANTED = "granted", "Granted"
    REJECTED = "rejected", "Rejected"
    WITHDRAWN = "withdrawn", "Withdrawn"


RAISES: Machine[RaiseState] = Machine(
    {
        RaiseState.REQUESTED: {RaiseState.GRANTED, RaiseState.REJECTED, RaiseState.WITHDRAWN},
        RaiseState.GRANTED: frozenset(),
        RaiseState.REJECTED: frozenset(),
        RaiseState.WITHDRAWN: frozenset(),
    }
)
