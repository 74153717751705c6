"""What the policies say of what runs: one report for each instance, and a row for each thing found."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from django.contrib.auth.models import AnonymousUser
from django.db import models

from portal.accounts.models import User
from portal.accounts.permissions import scoped
from portal.core.objects import ObjectKey
from portal.lifecycle.models.instance import ServiceInstance
from portal.lifecycle.models.policy_exception import PolicyException
from portal.lifecycle.models.release import Release
from portal.policy.resources import Resources
from portal.policy.types import SEVERITIES, Outcome, Severity, Verdict


class PolicyReportQuerySet(models.QuerySet["PolicyReport"]):
    def visible_to(self, user: User | AnonymousUser) -> PolicyReportQuerySet:
        return scoped(self, user, "instance__application__team_id")  # type: ignore[return-value]

    def for_lists(self) -> PolicyReportQuerySet:
        """With the instance and all that was found, in two queries."""
        found = Violation.objects.select_related("exception").order_by("pk")
        return self.select_related(
            "instance__application__team", "instance__environment", "instance__offering"
        ).prefetch_related(models.Prefetch("instance__violations", found))


class PolicyReport(models.Model):
    """The last scan of one instance. It is stale when release or policies are others, or at `valid_until`."""

    instance = models.OneToOneField(
        ServiceInstance, primary_key=True, on_delete=models.CASCADE, related_name="policy_report"
    )
    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="+")
    policy_digest = models.CharField(max_length=71, blank=True, help_text="Empty: to be scanned again.")
    scanned_at = models.DateTimeField()
    valid_until = models.DateTimeField(null=True, help_text="When the first exception that it used ends.")
    passed = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0, help_text="Would be refused if they were asked for now.")
    warned = models.PositiveIntegerField(default=0)
    errors = models.PositiveIntegerField(default=0, help_text="Could not be judged.")
    waived = models.PositiveIntegerField(default=0)

    objects = PolicyReportQuerySet.as_manager()

    class Meta:
        ordering = ["instance"]
        indexes = [models.Index(fields=["policy_digest"], name="report_by_bundle")]

    def __str__(self) -> str:
        return f"policy report of {self.instance}"

    def is_stale_at(self, moment: datetime, policy_digest: str) -> bool:
        """Whether the next scan judges the instance again, as scanning.due selects."""
        return (
            self.policy_digest != policy_digest
            or self.release_id != self.instance.current_release_id
            or (self.valid_until is not None and self.valid_until <= moment)
        )


class ViolationQuerySet(models.QuerySet["Violation"]):
    def visible_to(self, user: User | AnonymousUser) -> ViolationQuerySet:
        return scoped(self, user, "instance__application__team_id")  # type: ignore[return-value]

    def for_lists(self) -> ViolationQuerySet:
        return self.select_related("instance__application__team", "instance__environment", "exception").only(
            *(field.name for field in Violation._meta.concrete_fields),
            *(f"instance__{field}" for field in ("name", "application", "environment")),
            *(f"instance__application__{field}" for field in ("slug", "name", "team")),
            *(f"instance__application__team__{field}" for field in ("slug", "name")),
            *(f"instance__environment__{field}" for field in ("slug", "name", "stripe", "order")),
            *(f"exception__{field}" for field in ("expires_at", "state", "policy")),
        )


class Violation(models.Model):
    """Something in a running release that a policy refuses, warns of or notes; waived ones included."""

    class Outcome(models.TextChoices):
        DENY = "deny", "Deny"
        ERROR = "error", "Error"
        WARN = "warn", "Warn"
        AUDIT = "audit", "Note"
        WAIVED = "waived", "Waived"

    instance = models.ForeignKey(ServiceInstance, on_delete=models.CASCADE, related_name="violations")
    policy = models.CharField(max_length=253)
    rule = models.SmallIntegerField()
    outcome = models.CharField(max_length=6, choices=Outcome.choices)
    severity = models.CharField(max_length=8, choices=[(name, name) for name in SEVERITIES])
    title = models.CharField(max_length=200)
    api_version = models.CharField(max_length=120)
    kind = models.CharField(max_length=63)
    name = models.CharField(max_length=253)
    path = models.CharField(max_length=100, blank=True)
    message = models.TextField()
    fix = models.JSONField(default=list)
    exception = models.ForeignKey(
        PolicyException, null=True, on_delete=models.SET_NULL, related_name="violations"
    )
    since = models.DateTimeField(help_text="The first scan that found it.")
    due_at = models.DateTimeField(help_text="When it should have been remedied.")

    objects = ViolationQuerySet.as_manager()

    class Meta:
        ordering = ["due_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["instance", "policy", "rule", "api_version", "kind", "name", "path"],
                name="violation_once",
            )
        ]
        indexes = [
            models.Index(fields=["policy", "outcome"], name="violation_by_policy"),
            models.Index(fields=["outcome", "due_at"], name="violation_due"),
        ]

    @property
    def key(self) -> ObjectKey:
        """Which object it is about."""
        namespaced = Resources().of(self.api_version, self.kind).namespaced
        return ObjectKey(
            self.api_version, self.kind, self.instance.namespace if namespaced else "", self.name
        )

    def is_overdue_at(self, moment: datetime) -> bool:
        """Whether its time is up, and no exception lifts it."""
        return self.outcome != self.Outcome.WAIVED and self.due_at <= moment

    def as_verdict(self) -> Verdict:
        """As the scan found it, without what the policy itself says of remedies."""
        return Verdict(
            policy=self.policy,
            rule=self.rule,
            title=self.title,
            outcome=cast(Outcome, self.outcome),
            key=self.key,
            path=self.path,
            message=self.message,
            reason="",
            remediation="",
            severity=cast(Severity, self.severity),
            category="",
            docs="",
            fix=self.fix,
            exception=self.exception_id,
        )

    def __str__(self) -> str:
        return f"{self.policy} on {self.kind}/{self.name} of {self.instance}"
