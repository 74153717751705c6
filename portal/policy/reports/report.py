"""A judgement of files: each verdict with the file, line and environment that it is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from portal.policy.documents import Policy
from portal.policy.types import Judgement, Verdict


@dataclass(frozen=True)
class Placed:
    """A verdict and where its object stands. `line` counts from 1; `environment` may be ""."""

    verdict: Verdict
    file: str
    line: int
    environment: str = ""


@dataclass(frozen=True)
class Report:
    """`policies` are all that judged, also those that found nothing; `digest` is the bundle's.

    `environments` are the ones that were asked about, each object judged once in each.
    """

    placed: Sequence[Placed]
    policies: Sequence[Policy]
    digest: str
    files: int
    objects: int
    environments: Sequence[str] = ()

    @cached_property
    def judgement(self) -> Judgement:
        return Judgement(tuple(each.verdict for each in self.placed))

    @property
    def findings(self) -> list[Placed]:
        """Everything but passes."""
        return [each for each in self.placed if each.verdict.outcome != "pass"]
