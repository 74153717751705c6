"""Who is told what of a change on its way: one function for each thing worth telling, called by whatever
makes it so, in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable

from portal.accounts.models import User
from portal.accounts.roles import PlatformRoleName
from portal.audit.notifying import notify
from portal.core import clock
from portal.environments.models import Environment
from portal.lifecycle.models import BreakGlass, ChangeComment, ChangeRequest
from portal.lifecycle.selectors.changes import deciders

OPERATOR, ENGINEER = PlatformRoleName.OPERATOR, PlatformRoleName.PLATFORM_ENGINEER


def waits(change: ChangeRequest) -> None:
    """A change, or a release that was sealed anew, waits for a decision."""
    who = (
        "can be decided by you"
        if not change.emergency
        else "is refused by policy; only an emergency passes it"
    )
    _tell(change, deciders(change), "change.waiting", f"{_named(change)} {who}.", once=change.seal)


def queued(change: ChangeRequest) -> None:
    _tell(change, [asker(change)], "change.queued", f"{_named(change)} may run: its gate is satisfied.")


def ended(change: ChangeRequest, topic: str, text: str, *, actor: User | None = None) -> None:
    """It came to an end that whoever asked did not bring about; `text` is its outcome."""
    person = asker(change)
    if actor is None or actor.pk not in (person.pk, change.requested_by_id):
        _tell(change, [person], topic, f"{_named(change)}: {text}")


def verified(change: ChangeRequest) -> None:
    """It runs. Where there is no gate people look for themselves."""
    if change.environment.is_gated:
        _tell(change, [asker(change)], "change.succeeded", f"{_named(change)} is done: it runs and is ready.")


def failed(change: ChangeRequest, message: str) -> None:
    _tell(change, [asker(change)], "change.failed", f"{_named(change)} failed: {message}")


def commented(comment: ChangeComment) -> None:
    """To whoever asked, unless these are their own words."""
    change, topic = comment.change, "change.changes_wanted" if comment.asks_change else "change.commented"
    person = asker(change)
    if comment.author_id not in (person.pk, change.requested_by_id):
        what = "asks for a change of" if comment.asks_change else "says of"
        text = f"{comment.author} {what} {_named(change)}: {comment.text}"
        _tell(change, [person], topic, text, once=comment.pk)


def reminded(change: ChangeRequest, hours: int) -> None:
    _tell(
        change,
        deciders(change),
        "change.reminded",
        f"{_named(change)} has waited {hours} h for your decision.",
    )


def escalated(change: ChangeRequest, hours: int) -> None:
    text = f"{_named(change)} has waited {hours} h and nobody has decided."
    _tell(change, holders(OPERATOR, ENGINEER), "change.escalated", text, urgent=True)


def passed(glass: BreakGlass) -> None:
    """Loud: to the whole team and all who look after the platform."""
    change = glass.change
    text = f"{glass.actor} passed the gate of {_named(change)} in an emergency: {glass.reason}"
    people = [*holders(OPERATOR, ENGINEER), *change.application.team.members.filter(is_active=True)]
    _tell(change, people, "gate.passed", text, urgent=True)


def reviewed(glass: BreakGlass) -> None:
    """To whoever passed the gate and whoever asked; to all operators where it was not justified."""
    change, people = glass.change, [glass.actor, asker(glass.change)]
    unjustified = glass.review == BreakGlass.Review.UNJUSTIFIED
    if unjustified:
        people += holders(OPERATOR)
    said = "was not justified" if unjustified else "was justified"
    text = (
        f"{glass.reviewed_by} finds that passing the gate of {_named(change)} {said}: {glass.review_comment}"
    )
    _tell(change, people, "gate.reviewed", text, urgent=unjustified)


def review_overdue(glass: BreakGlass) -> None:
    text = f"Nobody has reviewed in time that {glass.actor} passed the gate of {_named(glass.change)}."
    _tell(glass.change, holders(OPERATOR, ENGINEER), "gate.review_overdue", text, urgent=True)


def relaxed(environment: Environment, rules: Iterable[str], *, by: str) -> None:
    """A gate lets more people decide than it did."""
    text = f"{by} relaxed the gate of {environment}: {'; '.join(rules)}."
    url = f"/platform/environments/{environment.slug}/gate/"
    key = f"gate.relaxed:{environment.slug}:{clock.now().isoformat()}"
    notify(holders(OPERATOR), topic="gate.relaxed", text=text, url=url, key=key, urgent=True)


def holders(*roles: PlatformRoleName) -> list[User]:
    """The people who hold any of these platform-wide roles."""
    rows = User.objects.filter(is_active=True, is_service_account=False, platform_roles__role__in=roles)
    return list(rows.distinct().order_by("pk"))


def asker(change: ChangeRequest) -> User:
    """Whoever asked; for a service account the person it acts for, where that is known."""
    return change.requested_by.responsible or change.requested_by


def _named(change: ChangeRequest) -> str:
    """As in "Promote shop-web of storefront to Production"."""
    kind, place = change.get_kind_display(), f"{change.application} in {change.environment}"
    return f"#{change.pk} {kind.lower()} {change.name} of {place}"


def _tell(
    change: ChangeRequest,
    people: Iterable[User],
    topic: str,
    text: str,
    *,
    once: object = "",
    urgent: bool = False,
) -> None:
    """`once` tells apart what may be told several times of one change."""
    key = f"{topic}:{change.pk}:{once}" if once else f"{topic}:{change.pk}"
    notify(people, topic=topic, text=text, url=f"/changes/{change.pk}/", key=key, urgent=urgent)
