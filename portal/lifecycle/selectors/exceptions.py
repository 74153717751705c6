"""Reading policy exceptions: what waits for whom, what ends soon, what is listed first."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from portal.accounts.models import User
from portal.accounts.roles import PLATFORM_TABLE, Verb
from portal.core import clock
from portal.lifecycle.models import PolicyException
from portal.lifecycle.states import ExceptionState

SOON = timedelta(days=7)
DECIDING_ROLES = [role for role, verbs in PLATFORM_TABLE.items() if Verb.WAIVE in verbs]


def deciders(exception: PolicyException) -> QuerySet[User]:
    """People who may decide on this exception."""
    return (
        User.objects.filter(is_active=True, is_service_account=False, platform_roles__role__in=DECIDING_ROLES)
        .exclude(pk__in=exception.contributors)
        .distinct()
        .order_by("username")
    )


def awaiting_decision_by(user: User) -> QuerySet[PolicyException]:
    """What this person may decide now, the nearest end first: nothing that they had a part in."""
    rows = PolicyException.objects.for_lists().waiting().filter(expires_at__gt=clock.now())
    if not user.access.may(Verb.WAIVE) or user.is_service_account:
        return rows.none()
    own = Q(requested_by=user) | Q(change__requested_by=user)
    return rows.exclude(own).order_by("expires_at", "pk")


def ending_soon(user: User) -> QuerySet[PolicyException]:
    """Exceptions of the person's own teams that count now and end within a week, the nearest end first."""
    now = clock.now()
    teams = user.access.team_ids(Verb.REQUEST)
    rows = PolicyException.objects.for_lists().honoured_at(now).filter(expires_at__lte=now + SOON)
    return rows.filter(application__team__in=teams).order_by("expires_at", "pk")


def listed(user: User) -> QuerySet[PolicyException]:
    """All that this person may see: what waits first, then what counts by its end, then the past."""
    now = clock.now()
    open_ = Q(expires_at__gt=now)
    place = Case(
        When(open_ & Q(state=ExceptionState.REQUESTED), then=Value(0)),
        When(open_ & Q(state=ExceptionState.GRANTED), then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    rows = PolicyException.objects.visible_to(user).for_lists().annotate(place=place)
    nearest = Case(When(place__lt=2, then="expires_at"))
    return rows.order_by("place", nearest, "-requested_at", "-pk")
