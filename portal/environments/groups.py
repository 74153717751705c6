"""Groups of approvers; each change of them is audited."""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.db import transaction

from portal.accounts.models import User
from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.audit.recording import record
from portal.core.errors import StateConflict, ValidationFailed
from portal.environments.models import ApproverGroup

SLUG = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")
LONGEST_NAME = 80


@transaction.atomic
def save_group(
    *, slug: str, name: str, members: Iterable[User], actor: User | None, new: bool = False
) -> ApproverGroup:
    """Create a group of approvers, or give it this name and these members. Saving what is already so records
    nothing; `actor=None` is the command line.

    Raises NotPermitted, ValidationFailed (bad slug or name, somebody who is no person), StateConflict (with
    `new`, when there is one of that slug; the last member of a group that a gate wants).
    """
    if actor is not None:
        require(actor, Verb.CURATE)
    name, people = name.strip(), {user.pk: user for user in members}
    _check(slug, name, people.values())
    before = ApproverGroup.objects.select_for_update().filter(slug=slug).first()
    if before is not None and new:
        raise StateConflict(f"There is a group {slug} already. Change that one, or choose another slug.")
    said = facts(before) if before is not None else None
    _check_not_emptied(before, people)
    group, _ = ApproverGroup.objects.update_or_create(slug=slug, defaults={"name": name})
    group.members.set(people)
    after = facts(group)
    if said != after:
        record("group.saved", group, actor=actor, before=said, after=after)
    return group


def facts(group: ApproverGroup) -> dict[str, object]:
    """The group as the audit trail says it."""
    members = group.members.order_by("username").values_list("username", flat=True)
    return {"slug": group.slug, "name": group.name, "members": list(members)}


def _check(slug: str, name: str, people: Iterable[User]) -> None:
    errors = []
    if not SLUG.fullmatch(slug):
        said = "Use up to 40 lower case letters, digits and '-', such as release-managers."
        errors.append({"path": "/slug", "message": said, "code": "invalid"})
    if not 0 < len(name) <= LONGEST_NAME:
        said = f"Give it a name of up to {LONGEST_NAME} characters."
        errors.append({"path": "/name", "message": said, "code": "required"})
    for user in people:
        if user.is_service_account or not user.is_active:
            said = f"{user} is no person who can sign in. Only people approve."
            errors.append({"path": "/members", "message": said, "code": "no_person"})
    if errors:
        raise ValidationFailed(errors)


def _check_not_emptied(group: ApproverGroup | None, people: Iterable[int]) -> None:
    if group is None or list(people):
        return
    gates = ", ".join(group.environments.values_list("slug", flat=True))
    if gates:
        raise StateConflict(
            f"The gate of {gates} wants somebody of this group. Take the group off the gate first, or leave "
            "one member."
        )
