"""Chromium, for the browser tests and the documentation's screenshots."""

from __future__ import annotations

import shutil

from tools.setup import system_packages


def chromium() -> str | None:
    """Debian's chromium, as the tests start it."""
    return shutil.which("chromium", path="/usr/bin:/usr/local/bin") or shutil.which("chromium")


def ensure() -> bool:
    """Install Chromium and a font when there is none. True when something had to be done."""
    if chromium():
        return False
    system_packages.install(["chromium", "fonts-liberation"], why="Chromium, for the browser tests")
    return True
