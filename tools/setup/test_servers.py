"""What the tests drive beside helm: the reference OCI registry, git, GnuPG, and curl for the tutorial."""

from __future__ import annotations

import shutil
from pathlib import Path

from tools.setup import system_packages

# program: Debian's package
PROGRAMS = {"docker-registry": "docker-registry", "git": "git", "gpg": "gnupg", "curl": "curl"}


def missing() -> list[str]:
    """The packages whose programs are not there."""
    path = "/usr/bin:/usr/local/bin"
    return [
        package
        for program, package in PROGRAMS.items()
        if not (shutil.which(program, path=path) or shutil.which(program))
    ]


def ensure(_uv: Path) -> str:
    """Install what is missing. Says where from."""
    system_packages.install(missing(), why="servers of charts and curl, for the tests")
    return "from Debian"
