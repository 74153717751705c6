"""What a team may take of an environment, what its namespaces claim of that, and wishes for more."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from portal.accounts.models import Team, User
from portal.accounts.permissions import scoped
from portal.environments.models import Environment
from portal.lifecycle.models.change import ChangeRequest
from portal.lifecycle.models.release import Release
from portal.lifecycle.pool_states import RaiseState
from portal.lifecycle.states import ACTIVE_STATES
from portal.policy.quantities import parse_quantity


class QuotaPoolQuerySet(models.QuerySet["QuotaPool"]):
    def visible_to(self, user: User | AnonymousUser) -> QuotaPoolQuerySet:
        return scoped(self, user, "team_id")  # type: ignore[return-value]

    def for_lists(self) -> QuotaPoolQuerySet:
        return self.select_related("team", "environment")


class QuotaPool(models.Model):
    """Of one team in one environment. What `limits` does not name is not limited here.

    `serial` is written by whoever is about to claim or to change limits: the row's lock then keeps all others
    waiting until that transaction has ended, in every database.
    """

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="quota_pools")
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="quota_pools")
    limits = models.JSONField(default=dict, blank=True, help_text="{resource: quantity}; none: not limited.")
    serial = models.PositiveIntegerField(default=0)

    objects = QuotaPoolQuerySet.as_manager()

    class Meta:
        ordering = ["team__name", "environment__order"]
        constraints = [models.UniqueConstraint(fields=["team", "environment"], name="one_pool_in_a_place")]

    def __str__(self) -> str:
        return f"quota of {self.team.slug} in {self.environment.slug}"

    @property
    def hard(self) -> dict[str, Decimal]:
        return amounts(self.limits)


def amounts(limits: Mapping[str, str]) -> dict[str, Decimal]:
    return {resource: parse_quantity(quantity).amount for resource, quantity in limits.items()}


class QuotaClaimQuerySet(models.QuerySet["QuotaClaim"]):
    def standing(self) -> QuotaClaimQuerySet:
        """Of what runs, and of what was asked for and has not ended: a claim counts and stops to count with
        its release, so that nothing has to give it back."""
        wanted = ChangeRequest.objects.filter(release=OuterRef("release"), state__in=ACTIVE_STATES)
        return self.filter(release__instance__retired_at=None).filter(
            Q(release__instance__current_release=F("release")) | Exists(wanted)
        )


class QuotaClaim(models.Model):
    """The hard limits of a namespace as its release was sealed: what it takes of its team's pool."""

    pool = models.ForeignKey(QuotaPool, on_delete=models.PROTECT, related_name="claims")
    release = models.OneToOneField(Release, on_delete=models.PROTECT, related_name="quota_claim")
    amounts = models.JSONField(help_text="{resource: decimal as text}; what is absent is not limited.")

    objects = QuotaClaimQuerySet.as_manager()

    def __str__(self) -> str:
        return f"claim of {self.release}"

    @property
    def hard(self) -> dict[str, Decimal]:
        return {resource: Decimal(amount) for resource, amount in self.amounts.items()}


class QuotaRaiseQuerySet(models.QuerySet["QuotaRaise"]):
    def visible_to(self, user: User | AnonymousUser) -> QuotaRaiseQuerySet:
        return scoped(self, user, "pool__team_id")  # type: ignore[return-value]

    def waiting(self) -> QuotaRaiseQuerySet:
        return self.filter(state=RaiseState.REQUESTED)

    def for_lists(self) -> QuotaRaiseQuerySet:
        return self.select_related(
            "pool__team", "pool__environment", "requested_by", "decided_by", "withdrawn_by"
        )


class QuotaRaise(models.Model):
    """A wish for a larger pool, decided by a second person. `before` is what it was decided against."""

    State = RaiseState

    pool = models.ForeignKey(QuotaPool, on_delete=models.PROTECT, related_name="raises")
    before = models.JSONField(help_text="The pool's limits when it was asked.")
    limits = models.JSONField(help_text="All limits as they are to be.")
    reason = models.TextField()
    state = models.CharField(max_length=9, choices=RaiseState.choices, default=RaiseState.REQUESTED)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)
    comment = models.TextField(blank=True, help_text="Why it was granted or rejected.")
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = QuotaRaiseQuerySet.as_manager()

    class Meta:
        ordering = ["-requested_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("requested_by")),
                name="raise_decided_by_second_person",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[RaiseState.GRANTED, RaiseState.REJECTED])
                | Q(decided_by__isnull=False, decided_at__isnull=False),
                name="raise_decided_by_somebody",
            ),
            models.UniqueConstraint(
                fields=["pool"], condition=Q(state=RaiseState.REQUESTED), name="one_raise_waits_for_a_pool"
            ),
        ]

    def __str__(self) -> str:
        return f"raise #{self.pk} of the {self.pool}"

    @property
    def team_id(self) -> int:
        return self.pool.team_id

    @property
    def contributors(self) -> set[int]:
        """Ids of those who may not decide it: whoever asked, and whom a service account acted for."""
        responsible = self.requested_by.responsible
        return {self.requested_by_id, *([responsible.pk] if responsible else [])}
