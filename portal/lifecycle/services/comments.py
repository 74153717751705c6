"""What people say beside a change, and the wish that it be another one."""

from __future__ import annotations

from django.db import transaction

from portal.accounts.models import User
from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.audit.recording import record
from portal.core import clock
from portal.core.errors import NotPermitted, ReleaseChanged, StateConflict, ValidationFailed
from portal.lifecycle.models import ChangeComment, ChangeRequest
from portal.lifecycle.operations import announcing
from portal.lifecycle.services import deciding
from portal.lifecycle.states import ChangeState

LONGEST = 4000


@transaction.atomic
def say(change: ChangeRequest, *, actor: User, text: str) -> ChangeComment:
    """A remark of somebody who may see the change, at any time. Raises NotPermitted, ValidationFailed."""
    require(actor, Verb.VIEW, change.team_id)
    comment = ChangeComment.objects.create(
        change=change, author=actor, at=clock.now(), text=_checked(text), digest=change.seal
    )
    record("change.commented", change, actor=actor, after={"comment": comment.pk}, comment=comment.text)
    announcing.commented(comment)
    return comment


def ask_for_change(change: ChangeRequest, *, actor: User, digest: str, text: str) -> ChangeComment:
    """The wish, from somebody who may decide, that another release be asked for than this one. Until it is
    taken back, or the change is sealed anew, nobody else can approve.

    Raises NotPermitted (the attempt is audited), ValidationFailed, ReleaseChanged, StateConflict.
    """
    deciding.check_may_decide(change, actor)
    said = _checked(text)
    deciding.check_digest(change, digest)
    with transaction.atomic():
        now = clock.now()
        waiting = ChangeRequest.objects.filter(
            pk=change.pk, state=ChangeState.AWAITING_APPROVAL, expires_at__gt=now
        )
        if not waiting.update(state=ChangeState.AWAITING_APPROVAL):  # touched, so that decisions queue up
            raise StateConflict("It no longer waits for a decision.")
        if not waiting.filter(seal=digest).exists():
            raise ReleaseChanged
        comment = ChangeComment.objects.create(
            change=change, author=actor, at=now, text=said, asks_change=True, digest=digest
        )
        after = {"comment": comment.pk, "digest": digest}
        record("change.changes_wanted", change, actor=actor, after=after, comment=said)
        announcing.commented(comment)
    return comment


@transaction.atomic
def settle(comment: ChangeComment, *, actor: User) -> ChangeComment:
    """Take a wish back. Only its author may; a newer release answers it anyway. Raises NotPermitted,
    StateConflict."""
    if actor.pk != comment.author_id:
        raise NotPermitted(f"Only {comment.author}, who asked for the change, can take that back.")
    open_wish = ChangeComment.objects.filter(pk=comment.pk, asks_change=True, settled_at=None)
    if not open_wish.update(settled_at=clock.now()):
        raise StateConflict("There is nothing to take back.")
    record("change.wish_settled", comment.change, actor=actor, after={"comment": comment.pk})
    comment.refresh_from_db()
    return comment


def _checked(text: str) -> str:
    said = text.strip()
    if not said:
        raise ValidationFailed.at("/text", "Write what you want to say.", "required")
    if len(said) > LONGEST:
        raise ValidationFailed.at("/text", f"Keep it to {LONGEST} characters.", "too_long")
    return said
