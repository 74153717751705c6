"""What has to be true before a change may run in an environment."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from portal.accounts.models import User
from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.core.errors import NotPermitted


@dataclass(frozen=True)
class Gate:
    """The rule of one environment: how many people have to consent, and who may be one of them."""

    environment: str
    approvals_required: int

    @property
    def is_open(self) -> bool:
        """Whether changes pass without a person's decision."""
        return self.approvals_required == 0

    def check_may_decide(self, user: User, *, contributors: Collection[int]) -> None:
        """Raise NotPermitted unless `user` is an operator who had no part in the change (their ids:
        `contributors`)."""
        require(user, Verb.DECIDE)
        if user.is_service_account:
            raise NotPermitted("A service account cannot decide: approval is a person's consent.")
        if user.pk in contributors:
            raise NotPermitted("You took part in this change, so somebody else has to decide it.")

    def satisfied_by(self, approvers: Collection[int]) -> bool:
        """Whether the distinct people in `approvers` are enough."""
        return len(set(approvers)) >= self.approvals_required
