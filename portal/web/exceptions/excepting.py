"""Where a page may offer to ask for an exception from what a policy said."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse

from portal.accounts.models import User
from portal.accounts.roles import Verb
from portal.lifecycle.models import ChangeRequest, PolicyException, ServiceInstance
from portal.lifecycle.selectors import bundle
from portal.lifecycle.services.exceptions import EXCEPTABLE
from portal.policy import Verdict

Place = ChangeRequest | ServiceInstance


@dataclass(frozen=True)
class Excepting:
    """One change or instance whose findings somebody of its team may ask to be excepted from."""

    about: tuple[str, int]
    policies: frozenset[str]
    waiting: tuple[PolicyException, ...] = ()

    def address(self, verdict: Verdict) -> str:
        """The request form for this finding; "" where there is nothing to be excepted from."""
        if verdict.outcome not in EXCEPTABLE or verdict.policy not in self.policies:
            return ""
        name, number = self.about
        about = {name: number, "policy": verdict.policy, "kind": verdict.key.kind, "name": verdict.key.name}
        return f"{reverse('web:exceptions-new')}?{urlencode(about)}"

    def waits(self, verdict: Verdict) -> PolicyException | None:
        """The request that would cover this finding and that nobody has decided yet."""
        return next((row for row in self.waiting if _covers(row, verdict)), None)


def offered(user: User, place: Place) -> Excepting | None:
    """None for those who may not ask: only members of the owning team do."""
    if not user.access.may(Verb.REQUEST, place.team_id):
        return None
    name = "change" if isinstance(place, ChangeRequest) else "instance"
    policies = frozenset(policy.name for policy in bundle.current().policies)
    return Excepting((name, place.pk), policies, tuple(_waiting(place)))


def after_denial(user: User, change: int | None) -> Excepting | None:
    """About a request that was just denied, and is kept as the change of this id."""
    rows = ChangeRequest.objects.visible_to(user).select_related("application", "environment")
    kept = rows.filter(pk=change).first() if change else None
    return offered(user, kept) if kept else None


def _waiting(place: Place) -> Iterable[PolicyException]:
    return PolicyException.objects.waiting().filter(
        application=place.application_id,
        environment=place.environment_id,
        instance_name__in=("", place.name),
    )


def _covers(row: PolicyException, verdict: Verdict) -> bool:
    return (
        row.policy == verdict.policy
        and row.object_kind in ("", verdict.key.kind)
        and row.object_name in ("", verdict.key.name)
    )
