"""Bringing many instances of an offering to one version: a campaign, its stages, and its instances."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Exists, OuterRef, Q

from portal.accounts.models import User
from portal.accounts.permissions import scoped
from portal.environments.models import Environment
from portal.lifecycle.campaign_states import OPEN_STATES, CampaignState, ItemState, Mode
from portal.lifecycle.models.change import ChangeRequest
from portal.lifecycle.models.instance import ServiceInstance
from services_catalog.models import Offering, OfferingVersion

MOST_AT_ONCE = 200
HEAVY = ("values_schema", "default_values", "readme", "notes", "locked_values", "short_form", "values_of")


class UpgradeCampaignQuerySet(models.QuerySet["UpgradeCampaign"]):
    def visible_to(self, user: User | AnonymousUser) -> UpgradeCampaignQuerySet:
        """All, for those who read all teams; else what was started and has an instance of one's teams."""
        if not isinstance(user, User) or not user.is_active:
            return self.none()
        if user.access.sees_all_teams:
            return self
        mine = CampaignItem.objects.visible_to(user).filter(campaign=OuterRef("pk"))
        return self.filter(Exists(mine)).exclude(started_at=None)

    def for_lists(self) -> UpgradeCampaignQuerySet:
        return self.select_related("offering", "target", "created_by", "started_by").defer(
            *(f"target__{field}" for field in HEAVY),
            "offering__description",
            "offering__when_not_to_use",
        )


class UpgradeCampaign(models.Model):
    """Moves instances of `offering` to `target`, a bounded number at once, stage after stage.

    A beat advances it: portal/lifecycle/services/campaigns/advancing.py.
    """

    State = CampaignState

    title = models.CharField(max_length=120)
    reason = models.TextField(blank=True, help_text="Why; each of its changes says so.")
    offering = models.ForeignKey(Offering, on_delete=models.PROTECT, related_name="campaigns")
    target = models.ForeignKey(OfferingVersion, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=9, choices=CampaignState.choices, default=CampaignState.PREPARING)
    said = models.CharField(max_length=300, blank=True, help_text="Why it is in this state.")
    scope = models.JSONField(default=dict, help_text="{teams, from_versions}: how it was narrowed.")
    at_once = models.PositiveSmallIntegerField(
        default=5, validators=[MinValueValidator(1), MaxValueValidator(MOST_AT_ONCE)]
    )
    max_failures = models.PositiveSmallIntegerField(
        default=1, validators=[MinValueValidator(1)], help_text="It stops itself at so many."
    )
    max_failure_percent = models.PositiveSmallIntegerField(
        null=True,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text="It stops itself at this share of those that ended, from the fifth on.",
    )
    failures_accepted = models.PositiveIntegerField(
        default=0, help_text="How many had failed when somebody last let it go on."
    )
    answer_by = models.DateTimeField(null=True, help_text="Until when teams may answer.")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = UpgradeCampaignQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["offering"], condition=Q(state__in=OPEN_STATES), name="one_open_campaign_per_offering"
            ),
            models.CheckConstraint(
                condition=Q(at_once__gte=1, max_failures__gte=1), name="campaign_bounds_are_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"campaign #{self.pk} {self.title}"


class CampaignStage(models.Model):
    """How one environment takes part."""

    campaign = models.ForeignKey(UpgradeCampaign, on_delete=models.CASCADE, related_name="stages")
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="+")
    mode = models.CharField(max_length=9, choices=Mode.choices)

    class Meta:
        ordering = ["environment__order"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "environment"], name="campaign_stage_once")
        ]

    def __str__(self) -> str:
        return f"{self.environment}: {self.get_mode_display()}"


class CampaignItemQuerySet(models.QuerySet["CampaignItem"]):
    def visible_to(self, user: User | AnonymousUser) -> CampaignItemQuerySet:
        return scoped(self, user, "instance__application__team_id")  # type: ignore[return-value]

    def for_lists(self) -> CampaignItemQuerySet:
        """With all that a list row shows, in one query."""
        return self.select_related(
            "stage__environment",
            "instance__application__team",
            "instance__environment",
            "instance__offering",
            "from_version",
            "change",
            "answered_by",
        ).defer(
            *(f"from_version__{field}" for field in HEAVY),
            "instance__offering__description",
            "instance__offering__when_not_to_use",
            "change__verdicts",
        )


class CampaignItem(models.Model):
    """One instance of a campaign. Exactly one change is under way for it at a time."""

    State = ItemState

    campaign = models.ForeignKey(UpgradeCampaign, on_delete=models.CASCADE, related_name="items")
    stage = models.ForeignKey(CampaignStage, on_delete=models.CASCADE, related_name="items")
    instance = models.ForeignKey(ServiceInstance, on_delete=models.PROTECT, related_name="campaign_items")
    from_version = models.ForeignKey(OfferingVersion, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=9, choices=ItemState.choices, default=ItemState.WAITING)
    said = models.CharField(max_length=500, blank=True, help_text="Why it is in this state.")
    fit = models.JSONField(
        default=dict, help_text="What the upgrade would do: {fits, errors, denied, warned, diff, cents}."
    )
    examined_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    answered_at = models.DateTimeField(null=True)
    not_before = models.DateTimeField(null=True, help_text="The moment that the team chose.")
    attempt = models.PositiveSmallIntegerField(default=1)
    opening_until = models.DateTimeField(null=True, help_text="When whoever opens it is taken for lost.")
    change = models.ForeignKey(ChangeRequest, null=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True)
    nothing_to_do = models.BooleanField(
        default=False, help_text="Skipped for that reason, so later stages need not wait for it."
    )

    objects = CampaignItemQuerySet.as_manager()

    class Meta:
        ordering = ["stage__environment__order", "id"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "instance"], name="campaign_item_once"),
            models.CheckConstraint(
                condition=~Q(state__in=[ItemState.OPENED, ItemState.SUCCEEDED]) | Q(change__isnull=False),
                name="campaign_item_has_its_change",
            ),
        ]
        indexes = [
            models.Index(fields=["campaign", "state", "stage"], name="campaign_item_by_state"),
            models.Index(fields=["change"], condition=Q(state=ItemState.OPENED), name="campaign_item_opened"),
        ]

    def __str__(self) -> str:
        return f"{self.instance} of {self.campaign}"

    @property
    def team_id(self) -> int:
        return self.instance.application.team_id

    @property
    def key(self) -> str:
        """The Idempotency-Key of its change: opening it twice gives the same one."""
        return f"campaign:{self.campaign_id}:{self.pk}:{self.attempt}"
