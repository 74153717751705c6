"""Raises of a team's quota: asked for by the team, decided by a second person of the platform."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction

from portal.accounts.models import Team, User
from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.audit.notifying import notify
from portal.audit.recording import record
from portal.core import clock
from portal.core.errors import NotPermitted, StateConflict, ValidationFailed
from portal.environments.models import Environment
from portal.lifecycle.models import QuotaPool, QuotaRaise
from portal.lifecycle.operations.pool_simulation import Simulation
from portal.lifecycle.pool_states import RAISES, RaiseState
from portal.lifecycle.selectors import pools
from portal.lifecycle.services.pools import claiming, wanted

CHANGED = "The pool's limits have changed since this was asked. Reject it, and let the team ask again."


def simulate(team: Team, environment: Environment, *, actor: User, limits: Any) -> Simulation:
    """What a raise to `limits` would come to; what is not named stays. Writes nothing.

    Raises NotPermitted, ValidationFailed.
    """
    if not actor.access.may(Verb.REQUEST, team.pk):
        require(actor, Verb.ALLOT)
    pool = pools.of_place(team, environment) or QuotaPool(team=team, environment=environment)
    return _check(pool, {**pool.limits, **wanted.read(limits)})


def request(team: Team, environment: Environment, *, actor: User, limits: Any, reason: str) -> QuotaRaise:
    """Ask for a larger pool. Raises NotPermitted, ValidationFailed, StateConflict (one waits already)."""
    require(actor, Verb.REQUEST, team.pk)
    given = wanted.read(limits)
    if not reason.strip():
        raise ValidationFailed.at(
            "/reason", "Say what it is needed for: whoever decides reads it.", "required"
        )
    try:
        with transaction.atomic():
            pool = claiming.hold(team, environment)
            after = {**pool.limits, **given}
            _check(pool, after)
            asked = QuotaRaise.objects.create(
                pool=pool,
                before=pool.limits,
                limits=after,
                reason=reason.strip()[:4000],
                requested_by=actor,
                requested_at=clock.now(),
            )
            record("quota.raise_requested", asked, actor=actor, **_facts(asked), comment=reason.strip())
            who, place = f"{actor} asks for a larger quota", f"{team.name} in {environment.name}"
            _tell(asked, pools.deciders(asked), "quota.raise_waiting", f"{who} for {place}.")
    except IntegrityError as exc:
        raise StateConflict("A raise of this pool waits already. Withdraw it to ask for another.") from exc
    return asked


def grant(asked: QuotaRaise, *, actor: User, comment: str = "") -> None:
    """Give the pool the limits that were asked for.

    Raises NotPermitted (the attempt is audited), StateConflict (decided, or the pool is another by now), and
    ValidationFailed when more is claimed by now than it would have.
    """
    _check_may_decide(asked, actor)
    with transaction.atomic():
        pool = claiming.hold(asked.pool.team, asked.pool.environment)
        if pool.limits != asked.before:
            raise StateConflict(CHANGED)
        _check(pool, asked.limits)
        _decide(asked, RaiseState.GRANTED, actor, comment)
        pool.limits = asked.limits
        pool.save(update_fields=["limits"])
        record("quota.raise_granted", asked, actor=actor, **_facts(asked), comment=comment.strip())
        _tell_asker(asked, f"{actor} granted the {asked.pool}.")


def reject(asked: QuotaRaise, *, actor: User, comment: str) -> None:
    """Refuse it; the reason is required. Raises NotPermitted, StateConflict, ValidationFailed."""
    _check_may_decide(asked, actor)
    if not comment.strip():
        raise ValidationFailed.at(
            "/comment", "Say why, so that the team knows what to do instead.", "required"
        )
    with transaction.atomic():
        _decide(asked, RaiseState.REJECTED, actor, comment)
        record("quota.raise_rejected", asked, actor=actor, **_facts(asked), comment=comment.strip())
        _tell_asker(asked, f"{actor} rejected the raise of the {asked.pool}: {comment.strip()}")


def withdraw(asked: QuotaRaise, *, actor: User) -> None:
    """Take it back while nobody has decided it. Raises NotPermitted, StateConflict."""
    require(actor, Verb.REQUEST, asked.team_id)
    with transaction.atomic():
        _move(asked, RaiseState.WITHDRAWN, withdrawn_by=actor)
        record("quota.raise_withdrawn", asked, actor=actor, **_facts(asked))


def why_may_not_decide(asked: QuotaRaise, user: User) -> str | None:
    """The reason why `user` may not decide it now, for a page to show; None when they may."""
    try:
        check_may_decide(asked, user)
    except NotPermitted as exc:
        return exc.message
    return None if asked.state == RaiseState.REQUESTED else "It does not wait for a decision."


def check_may_decide(asked: QuotaRaise, user: User) -> None:
    """Raise NotPermitted unless `user` may decide on raises and did not ask for this one."""
    require(user, Verb.ALLOT)
    if user.is_service_account:
        raise NotPermitted("A service account cannot decide: a raise is a person's decision.")
    if user.pk in asked.contributors:
        raise NotPermitted("You asked for this yourself, so somebody else has to decide it.")


def _check(pool: QuotaPool, limits: dict[str, str]) -> Simulation:
    """A raise lowers nothing; to limit what is not limited is no raise either, unless a pool is needed."""
    if not pool.limits and not claiming.needs_pool():
        said = "Nothing is limited here, so there is nothing to raise: ask for the namespace."
        raise ValidationFailed.at("/limits", said, "unlimited")
    found = wanted.check(pool, limits)
    lowered = [line for line in found.lines if line.lowers and pool.limits]
    if lowered:
        said = "That is less than it has. Name what is to grow; a platform engineer lowers limits."
        raise ValidationFailed([wanted.error(line.resource, said, "lower") for line in lowered])
    return found


def _check_may_decide(asked: QuotaRaise, actor: User) -> None:
    try:
        check_may_decide(asked, actor)
    except NotPermitted as exc:
        record("decision.refused", asked, actor=actor, after={"reason": exc.message})
        raise


def _decide(asked: QuotaRaise, new: RaiseState, actor: User, comment: str) -> None:
    _move(asked, new, decided_by=actor, decided_at=clock.now(), comment=comment.strip())


def _move(asked: QuotaRaise, new: RaiseState, **values: Any) -> None:
    RAISES.move(QuotaRaise.objects.all(), pk=asked.pk, old=RaiseState(asked.state), new=new, **values)
    asked.refresh_from_db()


def _facts(asked: QuotaRaise) -> dict[str, Any]:
    return {"before": {"limits": asked.before}, "after": {"limits": asked.limits}}


def _tell(asked: QuotaRaise, people: list[User], topic: str, text: str) -> None:
    notify(people, topic=topic, text=text, url=f"/quota-raises/{asked.pk}/", key=f"{topic}:{asked.pk}")


def _tell_asker(asked: QuotaRaise, text: str) -> None:
    person = asked.requested_by.responsible or asked.requested_by
    _tell(asked, [person], "quota.raise_decided", text)
