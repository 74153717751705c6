"""Chromium, for the browser tests and the documentation's screenshots."""

from __future__ import annotations

import shutil
from pathlib import Path

from tools.setup import system_packages


def chromium() -> str | None:
    """Debian's chromium, as the tests start it."""
    return shutil.which("chromium", path="/usr/bin:/usr/local/bin") or shutil.which("chromium")


def ensure(_uv: Path) -> str:
    """Install Chromium and a font. Says where from."""
    system_packages.install(["chromium", "fonts-liberation"], why="Chromium, for the browser tests")
    return "from Debian"
