"""Verdicts in the order in which somebody needs them: what blocks, what warns, what passes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from portal.lifecycle.models import ChangeRequest
from portal.policy import Verdict


@dataclass(frozen=True)
class Grouped:
    blocking: list[Verdict]
    noted: list[Verdict]
    passed: list[Verdict]

    @property
    def total(self) -> int:
        return len(self.blocking) + len(self.noted) + len(self.passed)


def grouped(verdicts: Iterable[Verdict]) -> Grouped:
    found = list(verdicts)
    return Grouped(
        blocking=[v for v in found if v.blocks],
        noted=[v for v in found if v.outcome in ("warn", "audit")],
        passed=[v for v in found if v.outcome == "pass"],
    )


def of_change(change: ChangeRequest) -> Grouped:
    """Those of the sealed release, or of the denied request."""
    stored: Iterable[Mapping[str, Any]] = change.verdicts or (
        change.release.verdicts if change.release else []
    )
    return grouped(Verdict.from_dict(each) for each in stored)
