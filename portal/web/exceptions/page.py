"""What the page of one policy exception shows, and what may be done there."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from portal.accounts.models import User
from portal.accounts.roles import Verb
from portal.audit.models import AuditEvent
from portal.core import clock
from portal.lifecycle.models import PolicyException, ServiceInstance, Violation
from portal.lifecycle.selectors import bundle
from portal.lifecycle.selectors import exceptions as selector
from portal.lifecycle.services import exceptions
from portal.lifecycle.states import ExceptionState
from portal.web.access import SignedIn
from portal.web.forms.exceptions import DecideForm

LIFTED = 20


def rows(user: User) -> QuerySet[PolicyException]:
    return PolicyException.objects.visible_to(user).for_lists()


def context(
    request: SignedIn, exception: PolicyException, form: DecideForm | None = None, acting: str = ""
) -> dict[str, Any]:
    """`acting` names what was tried with `form`, so that its errors are shown there."""
    user = request.user
    waits = exception.state == ExceptionState.REQUESTED and exception.expires_at > clock.now()
    why_not = exceptions.why_may_not_decide(exception, user)
    counts = exception.is_honoured_at(clock.now())
    mine = user.access.may(Verb.REQUEST, exception.team_id)
    return {
        "exception": exception,
        "policy": _policy(exception.policy),
        "waits": waits,
        "counts": counts,
        "why_not": why_not,
        "may_decide": waits and why_not is None,
        "may_withdraw": waits and mine,
        "may_revoke": counts and (mine or user.access.may(Verb.WAIVE)),
        "deciders": [each.username for each in selector.deciders(exception)] if waits else [],
        "longest": exceptions.longest_days(exception.severity),
        "instance": _instance(exception),
        "lifted": Violation.objects.visible_to(user).for_lists().filter(exception=exception)[:LIFTED],
        "events": _events(exception, user),
        "form": form or DecideForm(),
        "acting": acting,
    }


def _policy(name: str) -> Any:
    """None when the policy folder has it no more."""
    return next((policy for policy in bundle.current().policies if policy.name == name), None)


def _instance(exception: PolicyException) -> ServiceInstance | None:
    alive = ServiceInstance.objects.alive().filter(
        application=exception.application_id, environment=exception.environment_id
    )
    return alive.filter(name=exception.instance_name).first() if exception.instance_name else None


def _events(exception: PolicyException, user: User) -> QuerySet[AuditEvent]:
    about = AuditEvent.objects.visible_to(user).filter(
        object_type="PolicyException", object_id=str(exception.pk)
    )
    return about.order_by("at", "id")
