"""The intent to move an instance from one release to another."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models

from portal.accounts.models import User
from portal.accounts.permissions import scoped
from portal.environments.models import Cluster, Environment
from portal.lifecycle.models.application import Application
from portal.lifecycle.models.instance import ServiceInstance
from portal.lifecycle.models.release import Release
from portal.lifecycle.states import ACTIVE_STATES, CHANGES, ChangeKind, ChangeState, Phase
from services_catalog.models import Offering

BULKY = ("inputs", "values", "masked_values", "objects_masked", "verdicts")


class ChangeRequestQuerySet(models.QuerySet["ChangeRequest"]):
    def visible_to(self, user: User | AnonymousUser) -> ChangeRequestQuerySet:
        return scoped(self, user, "application__team_id")  # type: ignore[return-value]

    def active(self) -> ChangeRequestQuerySet:
        return self.filter(state__in=ACTIVE_STATES)

    def awaiting_approval(self) -> ChangeRequestQuerySet:
        return self.filter(state=ChangeState.AWAITING_APPROVAL)

    def for_lists(self) -> ChangeRequestQuerySet:
        """With all that a list row shows, in one query; the sealed bulk of releases is left out."""
        return self.select_related(
            "application__team",
            "environment",
            "offering",
            "instance",
            "requested_by",
            "release",
            "base_release",
        ).defer(
            "verdicts",
            "offering__description",
            "offering__when_not_to_use",
            *(f"release__{field}" for field in BULKY),
            *(f"base_release__{field}" for field in BULKY),
        )

    def for_detail(self) -> ChangeRequestQuerySet:
        """With all that a page about one change shows; what is sealed and secret is not even read."""
        return self.select_related(
            "application__team",
            "environment",
            "offering",
            "instance",
            "requested_by",
            "release__offering_version",
            "release__plan",
            "release__created_by",
            "release__promoted_from__instance__environment",
            "base_release__offering_version",
            "base_release__plan",
        ).defer(
            "release__inputs",
            "release__values",
            "base_release__inputs",
            "base_release__values",
            *(f"release__promoted_from__{field}" for field in BULKY),
            *(
                f"{release}__offering_version__{field}"
                for release in ("release", "base_release")
                for field in ("values_schema", "default_values", "readme", "notes")
            ),
        )

    def for_execution(self) -> ChangeRequestQuerySet:
        """With all that a worker's step needs, in one query."""
        return self.select_related(
            "application__team",
            "requested_by",
            "instance__application__team",
            "instance__environment__cluster",
            "instance__offering",
            "instance__current_release",
            "environment",
            "release__offering_version",
            "base_release__offering_version",
            "base_release__instance",
        )


class ChangeRequest(models.Model):
    """Create, update, upgrade, rollback, promote, remediate or retire. The row is the queue's entry."""

    Kind = ChangeKind
    State = ChangeState

    kind = models.CharField(max_length=10, choices=ChangeKind.choices)
    state = models.CharField(max_length=18, choices=ChangeState.choices)
    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="changes")
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="changes")
    offering = models.ForeignKey(Offering, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(
        max_length=53, help_text="The instance's name, kept also when the instance was never made."
    )
    instance = models.ForeignKey(ServiceInstance, null=True, on_delete=models.PROTECT, related_name="changes")
    release = models.ForeignKey(
        Release,
        null=True,
        on_delete=models.PROTECT,
        related_name="changes",
        help_text="The goal; none when retiring.",
    )
    base_release = models.ForeignKey(
        Release,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="What was live when it was asked.",
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="changes"
    )
    reason = models.TextField(blank=True)
    verdicts = models.JSONField(default=list, help_text="Of a denied request; a sealed release has its own.")
    seal = models.CharField(max_length=71, help_text="The digest that a decision has to name.")
    contributors = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        related_name="contributions",
        help_text="Who had a part in what it would run, whoever asked among them; they may not decide it.",
    )
    proven = models.BooleanField(
        default=False, help_text="Of a rollback: its goal has run here before, so the faster path may do."
    )
    emergency = models.BooleanField(
        default=False, help_text="Policy refuses it, but lets it pass by breaking the glass."
    )
    risk = models.PositiveSmallIntegerField(default=0, help_text="0 to 100; operations/risk.py says why.")
    risk_reasons = models.JSONField(default=list)
    superseded_by = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="supersedes")
    reminded_at = models.DateTimeField(null=True)
    escalated_at = models.DateTimeField(null=True)
    evidence_asked_at = models.DateTimeField(null=True, help_text="When gathering was last asked for.")
    evidence_gathered_at = models.DateTimeField(null=True)
    evidence_lease = models.DateTimeField(null=True, help_text="Until when a worker gathers it.")
    created_at = models.DateTimeField()
    decided_at = models.DateTimeField(
        null=True, help_text="When the gate was satisfied, or the change refused."
    )
    started_at = models.DateTimeField(null=True)
    applied_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True, help_text="When waiting for a decision ends.")
    outcome = models.TextField(blank=True, help_text="One sentence: what happened, and what runs now.")
    # Execution: see portal/lifecycle/operations/claims.py
    phase = models.CharField(max_length=10, choices=Phase.choices, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Of the current phase.")
    run_after = models.DateTimeField(null=True, help_text="When the next step is due.")
    held = models.CharField(
        max_length=300, blank=True, help_text="What an approved change waits for: the next opening, and why."
    )
    verify_until = models.DateTimeField(null=True, help_text="When an unverified release is rolled back.")
    verifications = models.JSONField(default=list, help_text="What each check last said.")
    observe_until = models.DateTimeField(null=True, help_text="When an unready release is rolled back.")
    lease_owner = models.CharField(max_length=80, blank=True)
    lease_expires_at = models.DateTimeField(null=True)
    fencing_token = models.PositiveIntegerField(
        default=0, help_text="Grows with each claim; older holders cannot write."
    )
    slot_cluster = models.ForeignKey(
        Cluster, null=True, on_delete=models.PROTECT, related_name="+", help_text="Where its worker is busy."
    )
    slot = models.PositiveSmallIntegerField(
        null=True, help_text="Which of the cluster's places its worker has taken."
    )
    cancel_asked_at = models.DateTimeField(null=True, help_text="When somebody asked to stop it, running.")
    cancel_asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    cancel_comment = models.TextField(blank=True)

    objects = ChangeRequestQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["instance"],
                condition=models.Q(state__in=ACTIVE_STATES),
                name="one_active_change_per_instance",
            ),
            models.UniqueConstraint(
                fields=["slot_cluster", "slot"],
                condition=models.Q(slot__isnull=False),
                name="one_worker_in_a_place_of_a_cluster",
            ),
            models.CheckConstraint(
                condition=models.Q(state=ChangeState.DENIED) | models.Q(instance__isnull=False),
                name="change_has_instance_unless_denied",
            ),
            models.CheckConstraint(
                condition=models.Q(state=ChangeState.DENIED)
                | models.Q(kind=ChangeKind.RETIRE)
                | models.Q(release__isnull=False),
                name="change_has_release_unless_retiring",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "run_after"], name="change_due"),
            models.Index(
                fields=["lease_expires_at"],
                condition=models.Q(lease_expires_at__isnull=False),
                name="change_leased",
            ),
            models.Index(fields=["application", "-created_at"], name="change_by_application"),
            models.Index(fields=["environment", "state", "-created_at"], name="change_by_environment"),
            models.Index(fields=["state", "-risk", "created_at", "id"], name="change_riskiest_first"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.get_kind_display().lower()} {self.name} in {self.environment.slug}"

    @property
    def team_id(self) -> int:
        return self.application.team_id

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE_STATES

    @property
    def is_stoppable(self) -> bool:
        """Whether it may still be withdrawn, or stopped while it runs; no removal can be stopped half way."""
        if self.state != ChangeState.RUNNING:
            return CHANGES.allows(ChangeState(self.state), ChangeState.CANCELLED)
        going_on = self.cancel_asked_at is None and self.phase != Phase.REVERTING
        return going_on and self.kind != ChangeKind.RETIRE

    @property
    def is_awaiting_approval(self) -> bool:
        return self.state == ChangeState.AWAITING_APPROVAL

    @property
    def subject(self) -> ServiceInstance:
        """The instance that this change is about. Only a denied change can have none; the database holds
        that."""
        if self.instance is None:
            raise ValueError("a denied request is about no instance")
        return self.instance

    @property
    def contributor_ids(self) -> set[int]:
        """Ids of the people who had a part in what this change would run, whoever asked among them."""
        return {self.requested_by_id, *(person.pk for person in self.contributors.all())}

    @property
    def approvals_required(self) -> int:
        """How many people have to consent, by the gate as it is now."""
        return self.environment.gate.wanted(proven=self.proven)
