"""A waiver of one policy: narrow, granted by a second person, and never without an end."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import F, Q

from portal.accounts.models import User
from portal.accounts.permissions import scoped
from portal.environments.models import Environment
from portal.lifecycle.models.application import Application
from portal.lifecycle.models.change import ChangeRequest
from portal.lifecycle.states import ExceptionState
from portal.policy.types import SEVERITIES
from portal.policy.waivers import Waiver


class PolicyExceptionQuerySet(models.QuerySet["PolicyException"]):
    def visible_to(self, user: User | AnonymousUser) -> PolicyExceptionQuerySet:
        return scoped(self, user, "application__team_id")  # type: ignore[return-value]

    def honoured_at(self, moment: datetime) -> PolicyExceptionQuerySet:
        """Those that count at this moment: granted by then, and not at their end yet."""
        return self.filter(state=ExceptionState.GRANTED, decided_at__lte=moment, expires_at__gt=moment)

    def waiting(self) -> PolicyExceptionQuerySet:
        return self.filter(state=ExceptionState.REQUESTED)

    def for_lists(self) -> PolicyExceptionQuerySet:
        return self.select_related(
            "application__team", "environment", "requested_by", "decided_by", "ended_by", "change"
        ).defer("change__verdicts")


class PolicyException(models.Model):
    """Lifts `policy` from what it covers until `expires_at`.

    It covers the application's namespace in the environment, narrowed to one instance, to one object, or to
    one value as it was when it was asked for; "" leaves the narrowing open.
    """

    State = ExceptionState

    policy = models.CharField(max_length=253)
    severity = models.CharField(max_length=8, choices=[(name, name) for name in SEVERITIES])
    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="exceptions")
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="exceptions")
    instance_name = models.CharField(max_length=53, blank=True)
    object_kind = models.CharField(max_length=63, blank=True)
    object_name = models.CharField(max_length=253, blank=True)
    values_path = models.CharField(max_length=200, blank=True, help_text="JSON pointer into the values.")
    values_digest = models.CharField(
        max_length=71, blank=True, help_text="Of the value there; with another value it does not count."
    )
    message = models.TextField(help_text="What the policy said when it was asked for.")
    reason = models.TextField()
    change = models.ForeignKey(
        ChangeRequest, null=True, on_delete=models.PROTECT, related_name="exceptions_asked"
    )
    state = models.CharField(max_length=9, choices=ExceptionState.choices, default=ExceptionState.REQUESTED)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    expires_at = models.DateTimeField(help_text="The second at which it no longer counts.")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)
    comment = models.TextField(blank=True, help_text="Why it was granted or rejected.")
    announced_at = models.DateTimeField(null=True, help_text="When its end was announced.")
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    ended_at = models.DateTimeField(
        null=True, help_text="When it was revoked, withdrawn or found to be over."
    )
    end_reason = models.TextField(blank=True)

    objects = PolicyExceptionQuerySet.as_manager()

    class Meta:
        ordering = ["-requested_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("requested_by")),
                name="exception_decided_by_second_person",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[ExceptionState.GRANTED, ExceptionState.REVOKED])
                | Q(decided_by__isnull=False, decided_at__isnull=False),
                name="exception_granted_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("requested_at")), name="exception_ends_after_it_was_asked"
            ),
            models.CheckConstraint(
                condition=Q(object_kind="", object_name="") | ~Q(object_kind="") & ~Q(object_name=""),
                name="exception_names_an_object_whole",
            ),
            models.CheckConstraint(
                condition=Q(values_path="", values_digest="") | ~Q(values_digest="") & ~Q(instance_name=""),
                name="exception_for_a_value_is_for_an_instance",
            ),
        ]
        indexes = [
            models.Index(fields=["application", "environment", "state"], name="exception_by_place"),
            models.Index(fields=["policy", "state"], name="exception_by_policy"),
            models.Index(fields=["state", "expires_at"], name="exception_due"),
        ]

    def __str__(self) -> str:
        return f"exception #{self.pk} from {self.policy} for {self.scope}"

    @property
    def team_id(self) -> int:
        return self.application.team_id

    @property
    def namespace(self) -> str:
        return self.application.namespace_in(self.environment)

    @property
    def scope(self) -> str:
        """What it covers, in words."""
        place = f"{self.application.slug} in {self.environment.slug}"
        where = f"{self.instance_name} of {place}" if self.instance_name else f"all of {place}"
        if self.object_name:
            where = f"{self.object_kind}/{self.object_name}, {where}"
        return f"{self.values_path} as it was, {where}" if self.values_path else where

    def is_honoured_at(self, moment: datetime) -> bool:
        return (
            self.state == ExceptionState.GRANTED
            and self.decided_at is not None
            and self.decided_at <= moment < self.expires_at
        )

    @property
    def contributors(self) -> set[int]:
        """Ids of the people who asked for it, or for the change that needs it, and so may not decide it."""
        people = {self.requested_by_id}
        if self.change is not None:
            people.add(self.change.requested_by_id)
        return people

    def as_waiver(self) -> Waiver:
        """What the engine knows of it; only for one that was granted."""
        if self.decided_at is None:
            raise ValueError("only a granted exception waives anything")
        return Waiver(
            exception=self.pk,
            policy=self.policy,
            namespace=self.namespace,
            since=self.decided_at,
            until=self.expires_at,
            instance=self.instance_name,
            kind=self.object_kind,
            name=self.object_name,
        )
