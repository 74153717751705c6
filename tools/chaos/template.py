"""A migrated database kept between runs: migrating takes longer than everything else that a stack does."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tools import postgres
from tools.paths import ROOT, VENV_PYTHON, state_dir

# a change of one of these makes another template
_PARTS = ("portal/*/migrations/*.py", "services_catalog/migrations/*.py", "requirements/*.txt")


def migrated(environment: Mapping[str, str]) -> Path:
    """The data folder of a stopped server whose database is migrated. Made at most once, whoever asks."""
    home = state_dir() / "chaos"
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = home / _digest()
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not found.exists():
            for old in home.iterdir():
                if old.is_dir():
                    shutil.rmtree(old)
            _make(found, environment)
    return found


def _digest() -> str:
    digest = hashlib.sha256()
    for pattern in _PARTS:
        for path in sorted(ROOT.glob(pattern)):
            digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _make(folder: Path, environment: Mapping[str, str]) -> None:
    server = postgres.Server()
    try:
        server.create()
        server.start()
        server.create_database()
        subprocess.run(
            [str(VENV_PYTHON), "manage.py", "migrate", "--no-input", "--skip-checks", "-v", "0"],
            cwd=ROOT,
            env={**environment, "SLIPWAY_DATABASE_URL": server.url},
            check=True,
        )
        server.stop()
        part = folder.with_name(f"{folder.name}.{os.getpid()}")
        shutil.copytree(server.data, part)
        part.replace(folder)
    finally:
        server.stop()
        server.remove()
