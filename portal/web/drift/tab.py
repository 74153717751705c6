"""The tab of an instance's page that says how it stands against what was sealed."""

from __future__ import annotations

from dataclasses import dataclass

from portal.accounts.models import User
from portal.accounts.roles import Verb
from portal.lifecycle.models import ChangeRequest
from portal.lifecycle.selectors.drift_standing import Standing
from portal.lifecycle.services.drift import tolerances


@dataclass(frozen=True)
class DriftTab:
    """`may_mend`: revert or adopt, now. `may_tolerate` at an item; who may not is told why at the form."""

    standing: Standing
    may_ask: bool
    may_mend: bool
    may_tolerate: bool


def of(standing: Standing, user: User, active: ChangeRequest | None) -> DriftTab:
    instance = standing.instance
    alive = instance.retired_at is None and instance.current_release_id is not None
    of_team = alive and user.access.may(Verb.REQUEST, instance.team_id)
    in_the_way = active is not None and not (
        active.is_awaiting_approval and instance.environment.supersede_waiting
    )
    return DriftTab(
        standing,
        may_ask=alive and (of_team or user.access.may(Verb.DECIDE)),
        may_mend=of_team and not in_the_way and standing.is_of_now and standing.is_drifted,
        may_tolerate=alive and tolerances.why_may_not(instance, user) is None,
    )
