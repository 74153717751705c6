"""Verdicts in the order in which somebody needs them: what blocks, warns, is waived, passes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from portal.accounts.models import User
from portal.lifecycle.models import ChangeRequest, PolicyException
from portal.policy import Verdict


@dataclass(frozen=True)
class Grouped:
    blocking: list[Verdict]
    noted: list[Verdict]
    passed: list[Verdict]
    waived: list[Verdict] = field(default_factory=list)

    @property
    def total(self) -> int:
        return len(self.blocking) + len(self.noted) + len(self.waived) + len(self.passed)

    def first(self, count: int) -> Grouped:
        """The first so many of each kind of finding."""
        return Grouped(self.blocking[:count], self.noted[:count], self.passed, self.waived[:count])

    @property
    def exception_ids(self) -> set[int]:
        return {verdict.exception for verdict in self.waived if verdict.exception is not None}


def grouped(verdicts: Iterable[Verdict]) -> Grouped:
    found = list(verdicts)
    return Grouped(
        blocking=[v for v in found if v.blocks],
        noted=[v for v in found if v.outcome in ("warn", "audit")],
        waived=[v for v in found if v.outcome == "waived"],
        passed=[v for v in found if v.outcome == "pass"],
    )


def of_change(change: ChangeRequest) -> Grouped:
    """Those of the sealed release, or of the denied request."""
    stored: Iterable[Mapping[str, Any]] = change.verdicts or (
        change.release.verdicts if change.release else []
    )
    return grouped(Verdict.from_dict(each) for each in stored)


def exceptions_of(verdicts: Grouped, user: User) -> dict[int, PolicyException]:
    """The exceptions that waive something here, by id, as far as `user` may see them."""
    if not verdicts.exception_ids:
        return {}
    rows = PolicyException.objects.visible_to(user).for_lists()
    return rows.in_bulk(verdicts.exception_ids)
