"""A short form of `make chaos`, with another seed each time; a failure prints it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tools.chaos.run import run

CHANGES, SECONDS = 20, 45
LARGEST_SEED = 10**6


@pytest.mark.timeout(900)
def test_under_random_kills_nothing_is_lost_and_nothing_done_twice(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(LARGEST_SEED)
    print(f"again: SEED={seed} CHANGES={CHANGES} MINUTES={SECONDS / 60} make chaos")
    verdict = run(seed, changes=CHANGES, seconds=SECONDS, folder=tmp_path / "stack", say=print)
    assert verdict.kills.total() >= 5
    assert verdict.ends.total() == CHANGES
    assert not verdict.wrong, "\n".join(verdict.wrong)
