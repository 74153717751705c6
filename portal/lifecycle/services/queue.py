"""Refusing or closing several waiting changes at once. Nothing is ever approved in bulk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from portal.accounts.models import User
from portal.core.errors import InvalidInput, NotFound, SlipwayError, StateConflict, ValidationFailed
from portal.lifecycle.models import ChangeRequest
from portal.lifecycle.services import approvals, deciding, superseding
from portal.lifecycle.states import ChangeState

MOST = 200
Row = tuple[int, str]


@dataclass(frozen=True)
class Late:
    """One that was not touched, and why: decided meanwhile, sealed anew, not this person's to decide."""

    id: int
    error: SlipwayError

    @property
    def why(self) -> str:
        return self.error.message


@dataclass(frozen=True)
class Bulk:
    """What came of each row."""

    done: list[ChangeRequest] = field(default_factory=list)
    late: list[Late] = field(default_factory=list)


def reject_many(rows: Sequence[Row], *, actor: User, comment: str) -> Bulk:
    """Reject each of `rows` (id, digest seen) for the same reason, each by itself: one that may not be
    rejected keeps none of the others. Raises ValidationFailed without a reason, InvalidInput for too many."""
    _check(rows, comment)
    return _each(
        rows,
        actor,
        lambda change, digest: approvals.reject(change, actor=actor, digest=digest, comment=comment),
    )


def close_many(rows: Sequence[Row], *, actor: User, comment: str) -> Bulk:
    """Close each of `rows` as overtaken by events, by whoever could reject it. Raises as `reject_many`."""
    _check(rows, comment)

    def close(change: ChangeRequest, digest: str) -> None:
        deciding.check_may_decide(change, actor)
        deciding.check_digest(change, digest)
        waits = change.state == ChangeState.AWAITING_APPROVAL
        if not waits or not superseding.close_overtaken([change], actor=actor, why=comment.strip()):
            raise StateConflict("It no longer waits for a decision.")

    return _each(rows, actor, close)


def _each(rows: Sequence[Row], actor: User, act: Callable[[ChangeRequest, str], object]) -> Bulk:
    visible = ChangeRequest.objects.visible_to(actor).for_lists()
    found = visible.prefetch_related("contributors", "environment__approver_groups").in_bulk(
        [pk for pk, _ in rows]
    )
    bulk = Bulk()
    for pk, digest in dict(rows).items():
        try:
            if pk not in found:
                raise NotFound
            act(found[pk], digest)
            bulk.done.append(found[pk])
        except SlipwayError as exc:
            bulk.late.append(Late(pk, exc))
    return bulk


def _check(rows: Sequence[Row], comment: str) -> None:
    if not comment.strip():
        raise ValidationFailed.at("/comment", "Say why: whoever asked is told.", "required")
    if not rows:
        raise ValidationFailed.at("/changes", "Choose at least one.", "required")
    if len(rows) > MOST:
        raise InvalidInput(f"At most {MOST} at once.")
