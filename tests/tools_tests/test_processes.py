"""Nothing outlives its supervisor, and nothing of anybody else's is touched."""

import os
import signal
import socket
import subprocess
import sys
import textwrap

import pytest

from tests.tools_tests.waiting import eventually
from tools.paths import ROOT
from tools.supervisor import ports, processes, procfs
from tools.supervisor.errors import CannotStart

STUBBORN = """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("up", flush=True)
signal.pause()
"""


@pytest.fixture
def mark(tmp_path):
    mark = f"_SLIPWAY_TEST={tmp_path}"
    yield mark
    processes.end_marked(mark, grace=0)


def marked_environment(mark):
    name, _, value = mark.partition("=")
    return {**os.environ, name: value}


def test_a_process_dies_when_its_supervisor_is_killed(mark):
    launcher = textwrap.dedent(
        """
        import os, signal, sys
        from pathlib import Path
        from tools.supervisor import processes
        child = processes.start(["sleep", "60"], env=dict(os.environ), cwd=Path("/"), output=None)
        print(child.pid, flush=True)
        signal.pause()
        """
    )
    with subprocess.Popen(
        [sys.executable, "-c", launcher],
        cwd=ROOT,
        env=marked_environment(mark),
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        child = int(parent.stdout.readline())
        assert procfs.start_ticks(child) is not None
        parent.kill()
    eventually(lambda: procfs.start_ticks(child) is None, "the child ends with its killed parent")


def test_what_ignores_sigterm_is_killed_with_its_descendants(mark):
    family = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {STUBBORN!r}])"
    with subprocess.Popen(
        [sys.executable, "-c", family], env=marked_environment(mark), stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "up\n"
        assert len(procfs.marked_with(mark)) == 2
        assert len(processes.end_marked(mark, grace=0.2)) == 2
        assert procfs.marked_with(mark) == []


def test_processes_without_the_mark_are_left_alone(mark):
    with subprocess.Popen(["sleep", "60"], env=marked_environment(mark + "-of-another")) as other:
        try:
            assert processes.end_marked(mark, grace=0) == []
            assert other.poll() is None
        finally:
            other.kill()


def test_a_start_time_tells_a_process_from_a_later_one_with_its_pid():
    assert procfs.start_ticks(os.getpid()) == procfs.start_ticks(os.getpid())
    with subprocess.Popen(["true"]) as process:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert procfs.start_ticks(process.pid) is None, "a zombie counts as gone"


def test_a_taken_port_names_its_holder_and_the_variable_to_set():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(CannotStart) as refused:
            ports.chosen("SLIPWAY_PORT", 8000, {"SLIPWAY_PORT": str(port)})
    message = str(refused.value)
    assert f"Port {port} on 127.0.0.1 is taken by process {os.getpid()} (" in message
    assert f"SLIPWAY_PORT={port + 1}" in message


@pytest.mark.parametrize("text", ["http", "65536", "-1", "8000 ", "٨٠"])
def test_what_is_no_port_is_refused_by_name(text):
    with pytest.raises(CannotStart, match="SLIPWAY_PORT must be a port"):
        ports.chosen("SLIPWAY_PORT", 8000, {"SLIPWAY_PORT": text})


def test_port_zero_means_any_free_one():
    port = ports.chosen("SLIPWAY_PORT", 8000, {"SLIPWAY_PORT": "0"})
    with socket.create_server(("127.0.0.1", port)):
        assert port > 0


def test_a_child_gets_signals_although_its_supervisor_blocks_them(tmp_path):
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    try:
        child = processes.start(["sleep", "60"], env=dict(os.environ), cwd=tmp_path, output=None)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    child.terminate()
    assert child.wait(10) == -signal.SIGTERM
