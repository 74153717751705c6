"""What has to be true before a change may run in an environment."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from portal.accounts.models import User
from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.core.errors import NotPermitted


@dataclass(frozen=True)
class Gate:
    """The rules of one environment: how many people have to consent, and who may be one of them.

    `groups` are slugs of approver groups; none means that any operator decides. The three relaxations are off
    unless somebody turned them on, which is audited.
    """

    environment: str
    approvals_required: int
    rollback_approvals_required: int | None = None
    groups: tuple[str, ...] = ()
    one_of_each_group: bool = False
    requester_may_decide: bool = False
    contributors_may_decide: bool = False
    requester_may_break_glass: bool = False

    def wanted(self, *, proven: bool = False) -> int:
        """How many people have to consent: fewer for what is `proven` here, if there is a faster path."""
        if proven and self.rollback_approvals_required is not None:
            return self.rollback_approvals_required
        return self.approvals_required

    def is_open(self, *, proven: bool = False) -> bool:
        """Whether changes pass without a person's decision."""
        return self.wanted(proven=proven) == 0

    def check_may_decide(self, user: User, *, requester: int, contributors: Collection[int]) -> None:
        """Raise NotPermitted unless `user` is an operator, of the gate's groups where it has some, who had no
        part in the change."""
        require(user, Verb.DECIDE)
        if user.is_service_account:
            raise NotPermitted("A service account cannot decide: approval is a person's consent.")
        if user.pk == requester and not self.requester_may_decide:
            raise NotPermitted("You asked for this change, so somebody else has to decide it.")
        if user.pk != requester and user.pk in contributors and not self.contributors_may_decide:
            raise NotPermitted("You took part in this change, so somebody else has to decide it.")
        if self.groups and not set(self.groups) & groups_of(user):
            raise NotPermitted(f"At this gate decide: {', '.join(self.groups)}. You are in none of them.")

    def check_may_break_glass(self, user: User, *, team: int, requester: int) -> None:
        """Raise NotPermitted unless `user` may pass the gate in an emergency: an operator or a maintainer on
        call, and not whoever asked."""
        require(user, Verb.BREAK_GLASS, team)
        if user.is_service_account:
            raise NotPermitted("A service account cannot pass the gate: an emergency is a person's word.")
        if user.pk == requester and not self.requester_may_break_glass:
            raise NotPermitted(
                "You asked for this change, so somebody else has to pass the gate: an operator, or another "
                "maintainer on call."
            )

    def satisfied_by(self, approvers: Iterable[User], *, proven: bool = False) -> bool:
        """Whether these distinct people are enough, and of the right groups."""
        return not self.lacking(approvers, proven=proven)

    def lacking(self, approvers: Iterable[User], *, proven: bool = False) -> list[str]:
        """What is still missing, one phrase each: "1 more approval", "one of security"."""
        people = {user.pk: user for user in approvers}
        wanted = self.wanted(proven=proven)
        if wanted == 0:
            return []
        missing = []
        if len(people) < wanted:
            more = wanted - len(people)
            missing.append(f"{more} more approval" + ("" if more == 1 else "s"))
        if self.one_of_each_group:
            present = {group for user in people.values() for group in groups_of(user)}
            missing += [f"one of {group}" for group in self.groups if group not in present]
        return missing


def groups_of(user: User) -> set[str]:
    """Slugs of the approver groups that `user` is in; read once where they were prefetched."""
    return {group.slug for group in user.approver_groups.all()}
