"""A folder to be in, and the command that judges what is in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.lifecycle.policy.scenes import NEEDS_A, Result, run, write
from tests.policy.scenes import binding, policy


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the command is started; policies are given by `use`."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def check(here: Path) -> Any:
    def check(*arguments: Any, policies: list[dict[str, Any]] | None = None) -> Result:
        write(here / ".policies" / "p.yaml", *(policies or [policy("p", NEEDS_A), binding("p")]))
        return run("check", *arguments, "--policies", here / ".policies", "--offline")

    return check
