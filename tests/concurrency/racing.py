"""Functions that run at the same instant, each in a thread with a database connection of its own.

A race test comes with a control: the same contestants with the guard taken away, in which the race shows.
`Meeting` makes both certain. Contestants wait for each other at the dangerous point, between looking and
writing, but not for ever: where the guard holds the others back, the first one goes on alone.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

from django.db import connection, connections
from django.db.models import QuerySet

SECONDS = 30.0


@dataclass(frozen=True)
class Outcome:
    """What one contestant came to: what it returned, or the error that it lost with."""

    value: Any = None
    error: BaseException | None = None


class Outcomes(list[Outcome]):
    """In the order of the contestants."""

    @property
    def values(self) -> list[Any]:
        """What those returned that raised nothing."""
        return [outcome.value for outcome in self if outcome.error is None]

    @property
    def errors(self) -> list[BaseException]:
        return [outcome.error for outcome in self if outcome.error is not None]


def race(
    *contestants: Callable[[], Any], losing: type[BaseException] | tuple[type[BaseException], ...] = ()
) -> Outcomes:
    """Run all of them at once and wait for all. Errors of the kinds in `losing` are outcomes; any other is
    raised here.

    The test needs `django_db(transaction=True)`: what an open transaction wrote, no other connection sees.
    """
    start = threading.Barrier(len(contestants))
    outcomes: dict[int, Outcome] = {}

    def run(number: int) -> None:
        try:
            _take_place(start)
            outcomes[number] = Outcome(value=contestants[number]())
        except BaseException as exc:  # looked at below
            outcomes[number] = Outcome(error=exc)
        finally:
            connections.close_all()

    threads = [
        threading.Thread(target=run, args=(n,), name=f"contestant-{n}") for n in range(len(contestants))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS * 2)
    assert len(outcomes) == len(contestants), "a contestant never finished: do they wait for each other?"
    for outcome in outcomes.values():
        if outcome.error is not None and not isinstance(outcome.error, losing):
            raise outcome.error
    return Outcomes(outcomes[n] for n in range(len(contestants)))


def _take_place(start: threading.Barrier) -> None:
    """Connecting first: it takes longer than what is to happen at the same instant."""
    try:
        connection.ensure_connection()
    except BaseException:
        start.abort()  # so that nobody waits for this one
        raise
    start.wait(SECONDS)


class Meeting:
    """Where contestants wait for each other, `patience` seconds at the most. Each thread waits once."""

    def __init__(self, size: int, patience: float = 1.0) -> None:
        self._barrier = threading.Barrier(size)
        self._patience = patience
        self._been_here = threading.local()
        self.complete = False

    def wait(self) -> None:
        """Until all are here, or until patience ends; afterwards nobody waits any more."""
        if getattr(self._been_here, "yes", False):
            return
        self._been_here.yes = True
        try:
            self._barrier.wait(self._patience)
            self.complete = True
        except threading.BrokenBarrierError:
            pass  # the guard holds the others back, which is what it is for

    def after(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """`function`, at whose end contestants meet: put it in the place of what looks before it writes."""

        @functools.wraps(function)
        def met(*args: Any, **kwargs: Any) -> Any:
            found = function(*args, **kwargs)
            self.wait()
            return found

        return met


@contextmanager
def no_row_locks() -> Iterator[None]:
    """For controls: `select_for_update` locks nothing inside."""
    with mock.patch.object(QuerySet, "select_for_update", lambda rows, *_args, **_kwargs: rows.all()):
        yield
