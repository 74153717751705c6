"""What every act at a gate checks of whoever acts, before anything is looked at or written."""

from __future__ import annotations

from typing import NoReturn

from portal.accounts import throttling
from portal.accounts.models import User
from portal.audit.recording import record
from portal.core.errors import NotPermitted, ReauthenticationRequired, ReleaseChanged
from portal.lifecycle.models import ChangeRequest
from portal.lifecycle.states import ChangeState


def check_rules(change: ChangeRequest, user: User) -> None:
    """Raise NotPermitted unless the gate's rules let `user` decide this change."""
    change.environment.gate.check_may_decide(
        user, requester=change.requested_by_id, contributors=change.contributor_ids
    )


def check_may_decide(change: ChangeRequest, actor: User) -> None:
    """As `check_rules`; the attempt of somebody who may not is audited."""
    try:
        check_rules(change, actor)
    except NotPermitted as exc:
        refuse(change, actor, exc)


def check_identity(change: ChangeRequest, actor: User, password: str) -> None:
    """Where the gate wants it, the person at the keyboard proves to be who signed in. Raises
    ReauthenticationRequired, and TooManyAttempts after some wrong passwords."""
    if not change.environment.reauthenticate:
        return
    if not password:
        raise ReauthenticationRequired
    attempt = throttling.Attempt.of_person(actor.pk)
    throttling.admit(attempt)
    if not actor.check_password(password):
        record("decision.refused", change, actor=actor, after={"reason": "wrong password"})
        raise ReauthenticationRequired("That is not your password. Nothing was decided.")
    throttling.succeeded(attempt)


def check_digest(change: ChangeRequest, digest: str) -> None:
    """Raise ReleaseChanged when what was seen is not what waits."""
    if change.state == ChangeState.AWAITING_APPROVAL and digest != change.seal:
        raise ReleaseChanged(sealed=change.seal)


def refuse(change: ChangeRequest, actor: User, error: NotPermitted) -> NoReturn:
    """Audit that somebody tried what is not theirs to do, then raise `error`."""
    record("decision.refused", change, actor=actor, after={"reason": error.message})
    raise error
