"""`python -m tools.lock`: lock the Python and front-end packages again. UPGRADE=1 takes the newest that fit.

The three levels are locked one on another, so that each holds the one before it version by version. No lock
file names a download address.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tools import console
from tools.paths import REQUIREMENTS, ROOT
from tools.setup.commands import SetupFailed, run
from tools.setup.frontend import npm_command
from tools.setup.python_environment import find_uv, uv_environment

# lock file → what it must agree with
LEVELS = {"base": None, "embedded": "base", "dev": "embedded"}
ALONE = ("bootstrap", "nodejs", "helm4", "helm3")


def lock(uv: Path, name: str, *extra: str) -> None:
    """Resolve requirements/<name>.in for every platform and Python from 3.11 on."""
    source, target = f"requirements/{name}.in", f"requirements/{name}.txt"
    run(
        [
            *(
                uv,
                "pip",
                "compile",
                "--quiet",
                "--universal",
                "--python-version",
                "3.11",
                "--generate-hashes",
            ),
            *("--no-emit-index-url", "--no-header", source, "-o", target, *extra),
        ],
        what=f"Locking {source}",
        env=uv_environment(),
        cwd=ROOT,
    )


def main() -> int:
    """0 when locked, 1 with the reason."""
    upgrade = ["--upgrade"] if os.environ.get("UPGRADE", "") not in {"", "0"} else []
    try:
        uv = find_uv()
        for name, below in LEVELS.items():
            with console.step(f"requirements/{name}.txt"):
                lock(uv, name, *upgrade, *(["-c", f"requirements/{below}.txt"] if below else []))
        for name in ALONE:
            with console.step(f"requirements/{name}.txt"):
                lock(uv, name, "--no-deps")
        with console.step("package-lock.json"):
            npm, _ = npm_command(uv)
            run([*npm, "install", "--package-lock-only", "--ignore-scripts"], what="npm", cwd=ROOT)
    except SetupFailed as failure:
        console.fail(str(failure))
        return 1
    changed = [file.name for file in REQUIREMENTS.glob("*.txt") if "://" in file.read_text()]
    if changed:
        console.fail(f"These lock files name an address: {', '.join(changed)}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
