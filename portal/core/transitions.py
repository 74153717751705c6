"""States and moves are data; a move is a compare-and-swap that can lose a race."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any, Generic, Protocol, TypeVar

from portal.core.errors import StateConflict

S = TypeVar("S", bound=str)


class Rows(Protocol):
    """The part of a Django queryset that a move needs."""

    def filter(self, **conditions: Any) -> Rows: ...

    def update(self, **values: Any) -> int: ...


class Machine(Generic[S]):
    """A transition table. Every state must have an entry; an empty set marks a final state."""

    def __init__(self, table: Mapping[S, Set[S]]) -> None:
        self.table = {state: frozenset(targets) for state, targets in table.items()}
        unknown = {t for targets in self.table.values() for t in targets} - set(self.table)
        if unknown:
            raise ValueError(f"transitions lead to undeclared states: {sorted(unknown)}")

    def allows(self, old: S, new: S) -> bool:
        return new in self.table.get(old, frozenset())

    def is_final(self, state: S) -> bool:
        return not self.table[state]

    def move(
        self, rows: Rows, *, pk: Any, old: S, new: S, where: Mapping[str, Any] | None = None, **values: Any
    ) -> None:
        """`UPDATE … SET state = new WHERE pk AND state = old`; raises StateConflict when nothing moved.

        `where` narrows the swap further (a fencing token, say); `values` are set in the same statement.
        """
        if not self.allows(old, new):
            raise StateConflict(
                f"A change that is {old} cannot become {new}.", state=str(old), wanted=str(new)
            )
        moved = rows.filter(pk=pk, state=old, **(where or {})).update(state=new, **values)
        if not moved:
            raise StateConflict(wanted=str(new))
