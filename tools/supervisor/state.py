"""The state folder: lock, run file, secret key, and a socket path that is short enough."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import secrets
import stat
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from tools.paths import state_dir
from tools.supervisor import procfs
from tools.supervisor.errors import CannotStart

MARK_NAME = "_SLIPWAY_SUPERVISED"
# sun_path holds 108 bytes with its NUL
LONGEST_SOCKET_PATH = 100


@dataclass(frozen=True)
class Running:
    """What the run file says of the supervisor that holds the lock."""

    pid: int
    start_ticks: int
    url: str
    serving: bool


@dataclass(frozen=True)
class State:
    """Paths below one state folder."""

    root: Path

    @classmethod
    def here(cls) -> State:
        """Make the folders, for this user only."""
        state = cls(state_dir())
        for folder in (state.root, state.run, state.log):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # set-up may have made it: from here on it holds a database and keys
        state.root.chmod(0o700)
        return state

    @property
    def run(self) -> Path:
        """Pid files, sockets, lock: nothing that must survive."""
        return self.root / "run"

    @property
    def log(self) -> Path:
        """One file a part."""
        return self.root / "log"

    @property
    def kubeconfig(self) -> Path:
        """The sandbox cluster's."""
        return self.root / "sandbox" / "kubeconfig"

    @property
    def mark(self) -> str:
        """NAME=value in the environment of every process that this state folder's supervisor starts."""
        return f"{MARK_NAME}={self.root}"

    def lock(self) -> IO[str] | None:
        """The supervisor's lock, free when its process ends however it ends; None when another holds it."""
        file = (self.run / "supervisor.lock").open("w")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return None
        return file

    def running(self) -> Running | None:
        """The live supervisor as it described itself, or None."""
        try:
            found = Running(**json.loads((self.run / "supervisor.json").read_text()))
        except (OSError, ValueError, TypeError):
            return None
        return found if procfs.start_ticks(found.pid) == found.start_ticks else None

    def describe(self, url: str, *, serving: bool) -> None:
        """Write the run file of this process."""
        ticks = procfs.start_ticks(os.getpid())
        assert ticks is not None  # noqa: S101 - this process is alive
        part = self.run / "supervisor.json.part"
        part.write_text(json.dumps(asdict(Running(os.getpid(), ticks, url, serving))))
        part.replace(self.run / "supervisor.json")

    def secret_key(self) -> str:
        """Made once, kept for this user alone: sessions survive a restart."""
        path = self.root / "secret-key"
        if not path.exists():
            part = path.with_name(f"secret-key.{os.getpid()}")
            part.touch(mode=0o600)
            part.write_text(secrets.token_urlsafe(50))
            part.replace(path)
        return path.read_text().strip()

    def socket(self, name: str) -> Path:
        """A Unix socket's path: in the run folder, or in a short private one when that is long or odd."""
        path = self.run / name
        plain = re.fullmatch(r"[A-Za-z0-9_./-]+", str(path)) is not None
        if plain and len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
            return path
        digest = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:12]
        folder = Path(tempfile.gettempdir()) / f"slipway-{os.geteuid()}-{digest}"
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
            raise CannotStart(f"{folder} is not a private folder of this user. Remove it and start again.")
        return folder / name
