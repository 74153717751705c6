"""A line of a quota as a bar: what is used now, what this change adds or gives back, of how much."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from portal.lifecycle.operations.quota import QuotaLine
from portal.policy.quantities import parse_quantity

FULL = 100


@dataclass(frozen=True)
class Bar:
    """Shares are hundredths of the limit, drawn up to FULL. `level` is the meaning of what comes out."""

    line: QuotaLine
    stays: int
    added: int
    freed: int
    level: str

    @property
    def changes(self) -> bool:
        return self.line.used != self.line.after


def bar(line: QuotaLine) -> Bar:
    before, after, hard = (parse_quantity(each).amount for each in (line.used, line.after, line.hard))
    now, then = _share(before, hard), _share(after, hard)
    level = "wrong" if line.exceeded else "waiting" if then >= FULL * 9 // 10 else "ready"
    return Bar(line, min(now, then), max(then - now, 0), max(now - then, 0), level)


def _share(amount: Decimal, hard: Decimal) -> int:
    """Anything at all is seen."""
    if amount <= 0:
        return 0
    return FULL if amount >= hard else max(1, int(amount * FULL / hard))
