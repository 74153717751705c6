"""Where things are in a checkout."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
REQUIREMENTS = ROOT / "requirements"


def state_dir() -> Path:
    """All local state: SLIPWAY_DATA_DIR, or .slipway in the checkout."""
    return Path(os.environ.get("SLIPWAY_DATA_DIR") or ROOT / ".slipway").absolute()


def bin_dir() -> Path:
    """helm, helm3 and kubectl as the portal and the tests find them."""
    return state_dir() / "bin"
