"""What people do to a change that waits at a gate, and the guards taken away for controls."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from django.core.management import call_command
from django.db import connection
from django.db.models import QuerySet

from portal.audit.models import AuditEvent
from portal.core.errors import StateConflict
from portal.core.transitions import Machine
from portal.lifecycle.models import ChangeRequest
from portal.lifecycle.operations import expiry
from portal.lifecycle.services import approvals, break_glass, changes, queue, reseals
from portal.lifecycle.states import ChangeState
from tests.concurrency.racing import Meeting
from tests.fixtures.organisation import Organisation
from tests.lifecycle.helpers import ask

REASON = "The shop is down and this brings it back."
ENDINGS = {
    "change.queued",
    "change.rejected",
    "change.cancelled",
    "change.expired",
    "change.superseded",
}


def waiting(organisation: Organisation) -> ChangeRequest:
    return ask(organisation.alice, application="storefront", environment="production", offering="namespace")


def fresh(change: ChangeRequest) -> ChangeRequest:
    """As another request would read it."""
    return ChangeRequest.objects.select_related("environment", "release").get(pk=change.pk)


class Act:
    """What somebody does to a waiting change, by name, in a thread of its own."""

    def __init__(self, organisation: Organisation, change: ChangeRequest) -> None:
        self.organisation, self.change = organisation, change

    def approve(self) -> Any:
        return approvals.approve(fresh(self.change), actor=self.organisation.olga, digest=self.change.seal)

    def approve_too(self) -> Any:
        return approvals.approve(fresh(self.change), actor=self.organisation.oscar, digest=self.change.seal)

    def reject(self) -> Any:
        return approvals.reject(
            fresh(self.change), actor=self.organisation.oscar, digest=self.change.seal, comment="not today"
        )

    def reject_among_many(self) -> Any:
        rows = [(self.change.pk, self.change.seal)]
        if not queue.reject_many(rows, actor=self.organisation.oscar, comment="not today").done:
            raise StateConflict

    def cancel(self) -> Any:
        return changes.cancel(fresh(self.change), actor=self.organisation.alice)

    def supersede(self) -> Any:
        about = {"application": "storefront", "environment": "production", "offering": "namespace"}
        return ask(self.organisation.bob, **about)

    def expire(self) -> Any:
        if not expiry.expire_due():
            raise StateConflict

    def break_glass(self) -> Any:
        return break_glass.pass_gate(
            fresh(self.change), actor=self.organisation.oscar, digest=self.change.seal, reason=REASON
        )

    def reseal(self) -> Any:
        return reseals.reseal(fresh(self.change), actor=self.organisation.bob)


@contextmanager
def meeting_before_moves(meeting: Meeting) -> Iterator[None]:
    """Contestants have looked, and have not written yet."""
    with mock.patch.object(Machine, "move", meeting_before(meeting, Machine.move)):
        yield


@contextmanager
def look_then_write(meeting: Meeting) -> Iterator[None]:
    """The move without its guard: the state is read, and then written whatever it has become. A decision does
    not touch the row first either."""

    def move(
        self: Machine[Any], rows: Any, *, pk: Any, old: Any, new: Any, where: Any = None, **values: Any
    ) -> None:
        if rows.values_list("state", flat=True).get(pk=pk) != old:
            raise StateConflict
        meeting.wait()
        rows.filter(pk=pk).update(state=new, **values)

    update = QuerySet.update

    def touchless(rows: Any, **values: Any) -> int:
        if values == {"state": ChangeState.AWAITING_APPROVAL}:
            return int(rows.exists())
        return update(rows, **values)

    with (
        mock.patch.object(Machine, "move", move),
        mock.patch.object(QuerySet, "update", touchless),
        mock.patch.object(changes, "_still_alive", lambda instance: instance),
        mock.patch.object(reseals, "_touch"),
        no_index("one_active_change_per_instance"),
    ):
        yield


@contextmanager
def no_index(name: str) -> Iterator[None]:
    """Without the constraint that stands behind the moves. The test's rows are gone before it is back."""
    constraint = next(each for each in ChangeRequest._meta.constraints if each.name == name)
    with connection.schema_editor() as editor:
        editor.remove_constraint(ChangeRequest, constraint)
    try:
        yield
    finally:
        call_command("flush", interactive=False, verbosity=0)
        with connection.schema_editor() as editor:
            editor.add_constraint(ChangeRequest, constraint)


def meeting_before(meeting: Meeting, function: Callable[..., Any]) -> Callable[..., Any]:
    def met(*args: Any, **kwargs: Any) -> Any:
        meeting.wait()
        return function(*args, **kwargs)

    return met


def endings(change: ChangeRequest) -> list[str]:
    rows = AuditEvent.objects.filter(object_type="ChangeRequest", object_id=str(change.pk))
    return [action for action in rows.values_list("action", flat=True) if action in ENDINGS]


@contextmanager
def no_unique(table: str, columns: str) -> Iterator[None]:
    """Without the unique constraint of `table` over `columns`. The test's rows are gone before it is back."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'u'"
            " AND pg_get_constraintdef(oid) = %s",
            [table, f"UNIQUE ({columns})"],
        )
        (name,) = cursor.fetchone()
        cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    try:
        yield
    finally:
        call_command("flush", interactive=False, verbosity=0)
        with connection.cursor() as cursor:
            cursor.execute(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" UNIQUE ({columns})')
