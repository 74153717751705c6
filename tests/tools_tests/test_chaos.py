"""What chaos is made of: plans that a seed makes again, links that can be cut, and nothing left behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from tools.chaos import kills, wishes
from tools.chaos.assembly import free_ports
from tools.chaos.links import Link, Loop
from tools.chaos.waiting import until
from tools.paths import ROOT
from tools.supervisor import procfs
from tools.supervisor.ports import HOST

LEAVES_ONE_PAUSED = """
import sys, time
from pathlib import Path
from tools.chaos.assembly import state_at
from tools.chaos.guardian import Guardian
from tools.chaos.machine import Machine
from tools.supervisor.child import Part
state = state_at(Path(sys.argv[1]))
guardian = Guardian(state.mark)
guardian.remember("folder", state.root)
machine = Machine(state)
name, _, value = state.mark.partition("=")
environment = {"PATH": "/usr/bin:/bin", name: value}
for part in ("paused", "running"):
    machine.add(Part(part, ["sleep", "1000"], environment, lambda _log, _since: True))
machine.pause("paused")
print(state.mark, flush=True)
time.sleep(1000)
"""


def test_a_killed_run_leaves_no_process_and_no_folder(tmp_path):
    folder = tmp_path / "state"
    process = subprocess.Popen(
        [sys.executable, "-c", LEAVES_ONE_PAUSED, str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    mark = process.stdout.readline().strip()
    assert len(procfs.marked_with(mark)) == 2
    os.kill(process.pid, signal.SIGKILL)
    process.wait(10)
    until(lambda: not procfs.marked_with(mark), "everything has ended", seconds=10)
    until(lambda: not folder.exists(), "the folder is deleted", seconds=10)


def test_a_seed_makes_the_same_plan_again_and_another_another():
    assert kills.plan(7, 120) == kills.plan(7, 120) != kills.plan(8, 120)
    assert wishes.lanes(7, 100) == wishes.lanes(7, 100) != wishes.lanes(8, 100)


@pytest.mark.parametrize("seed", range(5))
def test_a_plan_has_every_kind_of_kill_and_exactly_the_changes_asked_for(seed):
    assert {kill.kind for kill in kills.plan(seed, 120)} == set(kills.KINDS)
    lanes = wishes.lanes(seed, 100)
    assert sum(len(lane.steps) for lane in lanes) == 100 - len(wishes.PLACES)
    assert {lane.application for lane in lanes} == {application for _, application in wishes.PLACES}
    keys = [step.key for lane in lanes for step in lane.steps]
    assert len(set(keys)) == len(keys)


@pytest.fixture
def upstream() -> Iterator[int]:
    """Answers each connection's first words with a thousand bytes, then with the words."""
    listener = socket.create_server((HOST, 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    def answer(connection: socket.socket) -> None:
        with connection:
            while words := connection.recv(100):
                connection.sendall(b"." * 1000 + words)

    threading.Thread(target=serve, daemon=True).start()
    yield listener.getsockname()[1]
    listener.close()


@pytest.fixture
def link(upstream: int) -> Iterator[Link]:
    loop = Loop()
    made = Link(loop, *free_ports(1), upstream)
    yield made
    made.cut()
    loop.stop()


def asked(link: Link) -> bytes:
    """What came back until the other side hung up or fell silent."""
    found = b""
    with socket.create_connection((HOST, link.port), timeout=2) as connection:
        connection.settimeout(1)
        connection.sendall(b"words")
        try:
            while not found.endswith(b"words") and (piece := connection.recv(4096)):
                found += piece
        except (ConnectionResetError, TimeoutError):
            pass
    return found


def test_a_whole_link_hands_on(link):
    assert asked(link) == b"." * 1000 + b"words"


def test_a_cut_link_refuses_until_it_is_mended(link):
    link.cut()
    with pytest.raises(ConnectionRefusedError):
        asked(link)
    link.mend()
    assert asked(link).endswith(b"words")


def drained(connection: socket.socket) -> bytes:
    """What comes until the other side hangs up, however it does."""
    found = b""
    try:
        while piece := connection.recv(4096):
            found += piece
    except ConnectionResetError:
        pass
    return found


def test_dropping_resets_what_is_open_and_lets_in_what_comes(link):
    with socket.create_connection((HOST, link.port), timeout=2) as connection:
        connection.sendall(b"words")
        connection.recv(2000)
        assert link.drop() == 2
        assert drained(connection) in (b"", b"words")
    assert asked(link).endswith(b"words")


def test_a_silent_link_takes_words_and_gives_none(link):
    link.silence()
    assert asked(link) == b""
    link.mend()
    assert asked(link).endswith(b"words")


def test_an_answer_is_broken_off_in_its_middle_as_often_as_asked(link):
    link.break_answers(100, connections=1)
    assert asked(link) == b"." * 100
    assert asked(link).endswith(b"words")
