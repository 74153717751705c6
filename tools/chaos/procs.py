"""Who descends from whom, by /proc."""

from __future__ import annotations

from pathlib import Path

from tools.supervisor import procfs


def parent_of(pid: int) -> int:
    """0 when there is no such process, or only its zombie."""
    try:
        fields = (procfs.PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return 0 if fields[0] in "ZX" else int(fields[1])


def children_of(parent: int) -> list[int]:
    """Live processes that it has started, oldest first."""
    return sorted(pid for pid in procfs.pids() if parent_of(pid) == parent)


def family_of(pid: int) -> list[int]:
    """The process and everything below it, from the top."""
    found = [pid]
    for each in found:
        found += children_of(each)
    return found


def running(program: Path) -> list[int]:
    """Live processes that run this very program, or are about to."""
    wanted = str(program)
    return [
        pid
        for pid in procfs.pids()
        if wanted in procfs.command_line(pid).split(" ") and procfs.start_ticks(pid) is not None
    ]
