"""Other limits for a team's quota with a form, worked out before they are asked for or set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.shortcuts import get_object_or_404

from portal.accounts.models import Team, User
from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.core.errors import SlipwayError
from portal.environments.models import Environment
from portal.lifecycle.models import QuotaPool, QuotaRaise
from portal.lifecycle.operations.pool_simulation import Simulation
from portal.lifecycle.selectors import pools
from portal.lifecycle.services.pools import claiming, limiting, raising
from portal.web.forms import pools as forms
from portal.web.middleware import status_of
from portal.web.pools import team_page


@dataclass
class PoolAsking:
    """`raises`: a wish for more, which waits for somebody else; otherwise limits that hold at once."""

    actor: User
    team: Team
    environment: Environment
    pool: QuotaPool
    form: forms.LimitsForm
    raises: bool
    outlook: Simulation | None = None
    status: int = 200

    @property
    def is_empty(self) -> bool:
        """Nothing is limited, so there is nothing to raise."""
        return self.raises and not self.form.resources

    def simulate(self) -> None:
        """Work out what it would come to; refusals stand beside their fields."""
        self.outlook = self._try(raising.simulate if self.raises else limiting.simulate)

    def ask(self) -> QuotaRaise | None:
        found: QuotaRaise | None = self._try(raising.request, reason=self._reason)
        return found

    def limit(self) -> QuotaPool | None:
        found: QuotaPool | None = self._try(limiting.limit, reason=self._reason)
        return found

    @property
    def _reason(self) -> str:
        return str(self.form.data.get("reason", ""))

    def _try(self, act: Any, **more: str) -> Any:
        if not self.form.is_valid():
            self.status = 422
            return None
        try:
            return act(self.team, self.environment, actor=self.actor, limits=self.form.limits, **more)
        except SlipwayError as error:
            self.form.refuse(error)
            self.status = status_of(error)
            return None

    def context(self) -> dict[str, Any]:
        return {"asking": self}


def page(user: User, slug: str, environment: str, posted: QueryDict | None, *, raises: bool) -> PoolAsking:
    """Raises Http404 for a team that this person may not see, NotPermitted."""
    team = team_page.team_of(user, slug)
    if raises:
        require(user, Verb.REQUEST, team.pk)
    else:
        require(user, Verb.CURATE)
    place = get_object_or_404(Environment.objects.select_related("cluster"), slug=environment)
    pool = pools.of_place(team, place) or QuotaPool(team=team, environment=place)
    form = forms.of_pool(posted, pool, every=not raises or (claiming.needs_pool() and not pool.limits))
    return PoolAsking(user, team, place, pool, form, raises)
