"""The real helm 4, helm 3 and kubectl that tests drive. A missing one is a failure, never a skip."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


class ToolMissing(AssertionError):
    pass


def find(name: str) -> Path:
    """`helm`, `helm3` or `kubectl`: from HELM, HELM3, KUBECTL, then .slipway/bin, then PATH."""
    state = Path(os.environ.get("SLIPWAY_DATA_DIR") or ROOT / ".slipway")
    named = os.environ.get(name.upper())
    if named:
        found = shutil.which(named)
    else:
        found = shutil.which(name, path=str(state / "bin")) or shutil.which(name)
    if found is None:
        where = f"{name.upper()}={named}" if named else f"{name.upper()}, {state / 'bin'} or PATH"
        raise ToolMissing(f"There is no {name} by {where}. `make test` installs it into .slipway/bin.")
    return Path(found).absolute()


def helm() -> Path:
    return find("helm")


def helm3() -> Path:
    return find("helm3")


def kubectl() -> Path:
    return find("kubectl")
