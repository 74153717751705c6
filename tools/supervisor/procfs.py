"""What /proc tells about processes and ports."""

from __future__ import annotations

import os
from pathlib import Path

PROC = Path("/proc")
_LISTEN = "0A"


def pids() -> list[int]:
    """Every process of this machine (of this pid namespace)."""
    return [int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit()]


def start_ticks(pid: int) -> int | None:
    """When the process started, in clock ticks since boot; with the pid it names one process for good.

    None when there is no such process, or only its zombie.
    """
    try:
        # the name in brackets may hold spaces and brackets itself
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def command_line(pid: int) -> str:
    """The words that started the process, or an empty string."""
    try:
        return (
            (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        )
    except OSError:
        return ""


def marked_with(mark: str) -> list[int]:
    """Live processes of this user that were started with `mark` (NAME=value) in their environment."""
    wanted, found = mark.encode(), []
    for pid in pids():
        try:
            folder = PROC / str(pid)
            if folder.stat().st_uid == os.geteuid() and wanted in (folder / "environ").read_bytes().split(
                b"\0"
            ):
                found.append(pid)
        except OSError:
            continue
    return [pid for pid in found if pid != os.getpid() and start_ticks(pid) is not None]


def listener(port: int) -> int | None:
    """The process that listens on a TCP port, if this user may see it."""
    sockets = {f"socket:[{inode}]" for inode in _listening_inodes(port)}
    for pid in pids() if sockets else []:
        try:
            for descriptor in (PROC / str(pid) / "fd").iterdir():
                if str(descriptor.readlink()) in sockets:
                    return pid
        except OSError:
            continue
    return None


def _listening_inodes(port: int) -> set[str]:
    inodes = set()
    for table in ("tcp", "tcp6"):
        try:
            lines = (PROC / "net" / table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if fields[3] == _LISTEN and int(fields[1].rpartition(":")[2], 16) == port:
                inodes.add(fields[9])
    return inodes
