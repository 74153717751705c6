"""Children: fed, heard, bounded, and gone when they should be."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from portal.clusters import process
from portal.clusters.process import Bounds, ChildStopped, ChildTimedOut, ChildTooLarge, ChildTooLoud

ROOT = Path(__file__).resolve().parents[2]


def run(script, tmp_path, *, bounds=Bounds(20), **more):  # noqa: B008 frozen
    return process.run(
        ["/bin/bash", "-c", script], env={"PATH": os.environ["PATH"]}, cwd=tmp_path, bounds=bounds, **more
    )


def gone(pid):
    """Whether a process has ended (a zombie has)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def eventually(condition, seconds=10):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        os.sched_yield()
    return condition()


def test_input_output_and_exit_status(tmp_path):
    done = run("cat; echo oops >&2; exit 3", tmp_path, stdin=b"hello")
    assert (done.returncode, done.stdout, done.stderr) == (3, b"hello", "oops\n")


def test_more_input_and_output_than_pipes_hold(tmp_path):
    text = os.urandom(3_000_000)
    assert run("cat; head -c 200000 /dev/zero >&2", tmp_path, stdin=text).stdout == text


def test_input_that_nobody_reads(tmp_path):
    assert run("exec true", tmp_path, stdin=b"x" * 3_000_000).returncode == 0


def test_lines_come_while_the_child_runs(tmp_path):
    heard = []

    def hear(line):
        heard.append(line)
        (tmp_path / line).touch()  # the child waits for its line to be heard

    script = "for n in one two; do echo $n >&2; until [ -e $n ]; do :; done; done; printf last >&2"
    run(script, tmp_path, on_line=hear)
    assert heard == ["one", "two", "last"]


def test_time_is_bounded_and_the_whole_group_goes(tmp_path):
    with pytest.raises(ChildTimedOut) as caught:
        run("sleep 1000 & echo $! > child; echo waiting >&2; wait", tmp_path, bounds=Bounds(0.5))
    assert caught.value.stderr == "waiting\n"
    assert eventually(lambda: gone((tmp_path / "child").read_text().strip()))


def test_a_stop_is_heeded_soon(tmp_path):
    started = time.monotonic()
    with pytest.raises(ChildStopped):
        run("exec sleep 1000", tmp_path, should_stop=lambda: (tmp_path).exists())
    assert time.monotonic() - started < 10


def test_a_child_may_tidy_up_in_its_grace(tmp_path):
    script = "trap 'echo tidy > done; exit' TERM; echo up >&2; while :; do :; done"
    with pytest.raises(ChildStopped):
        run(script, tmp_path, bounds=Bounds(20, grace_seconds=5), should_stop=lambda: True)
    assert (tmp_path / "done").read_text() == "tidy\n"


def test_a_child_that_ignores_its_grace_is_killed(tmp_path):
    started = time.monotonic()
    with pytest.raises(ChildTimedOut):
        run("trap '' TERM; while :; do :; done", tmp_path, bounds=Bounds(0.3, grace_seconds=0.5))
    assert time.monotonic() - started < 10


def test_output_is_bounded(tmp_path):
    with pytest.raises(ChildTooLoud):
        run("yes", tmp_path, bounds=Bounds(20, output_bytes=100_000))


def test_memory_is_bounded(tmp_path):
    script = f"exec {sys.executable} -c 'b = bytearray(300_000_000); print(len(b))'"
    assert run(script, tmp_path, bounds=Bounds(20, memory_bytes=600_000_000)).stdout.strip() == b"300000000"
    done = run(script, tmp_path, bounds=Bounds(20, memory_bytes=200_000_000))
    assert done.returncode != 0
    assert "MemoryError" in done.stderr


def test_memory_that_the_kernel_lets_through_is_noticed(tmp_path, monkeypatch):
    monkeypatch.setattr(process, "_limit", lambda *_: None)
    script = f"exec {sys.executable} -c 'b = bytearray(300_000_000); input()'"
    with pytest.raises(ChildTooLarge):
        run(f"{script} </dev/zero", tmp_path, bounds=Bounds(20, memory_bytes=200_000_000))


def test_a_callback_that_fails_takes_the_child_with_it(tmp_path):
    def fail(line):
        raise RuntimeError(line)

    with pytest.raises(RuntimeError, match="hello"):
        run("echo $$ > pid; echo hello >&2; exec sleep 1000", tmp_path, on_line=fail)
    assert gone((tmp_path / "pid").read_text().strip())


def test_what_the_child_left_running_goes_with_it(tmp_path):
    run("sleep 1000 >/dev/null 2>&1 & echo $! > child", tmp_path)
    assert eventually(lambda: gone((tmp_path / "child").read_text().strip()))


def test_a_child_dies_with_a_starter_that_was_killed(tmp_path):
    program = (
        "from pathlib import Path\nfrom portal.clusters.process import Bounds, run\n"
        f"run(['/bin/sleep', '1000'], env={{}}, cwd=Path({str(tmp_path)!r}), bounds=Bounds(900))\n"
    )
    starter = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT)
    children = Path(f"/proc/{starter.pid}/task/{starter.pid}/children")
    try:
        assert eventually(lambda: children.read_text().strip())
        child = children.read_text().strip()
        assert eventually(lambda: Path(f"/proc/{child}/comm").read_text() == "sleep\n")
    finally:
        starter.kill()
        starter.wait()
    assert eventually(lambda: gone(child))
