"""The local portal as a whole: `make up` with its own state folder and free ports."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.tools_tests.waiting import eventually
from tools.paths import ROOT
from tools.supervisor import processes, procfs
from tools.supervisor.state import Running, State

PARTS = {"valkey", "sandbox", "web", "worker", "beat"}
START_SECONDS = 60

pytestmark = pytest.mark.timeout(300)


class Portal:
    """A supervisor started as `make up` starts it."""

    def __init__(self, root: Path) -> None:
        self.state = State(root)
        self.environment = {
            **{
                name: value
                for name, value in os.environ.items()
                if not name.startswith(("SLIPWAY_", "DJANGO_"))
            },
            "SLIPWAY_DATA_DIR": str(root),
            "SLIPWAY_PORT": "0",
            "SLIPWAY_SANDBOX_PORT": "0",
        }
        self.output = root.parent / "output"

    def command(self, name: str, **environment: str) -> subprocess.Popen[bytes]:
        with self.output.open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "tools.supervisor", name],
                cwd=ROOT,
                env={**self.environment, **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def run(self, name: str) -> tuple[int, str]:
        before = self.output.stat().st_size if self.output.exists() else 0
        status = self.command(name).wait(60)
        return status, self.output.read_bytes()[before:].decode()

    def serve(self) -> tuple[subprocess.Popen[bytes], Running]:
        process = self.command("up")

        def serving() -> Running | None:
            assert process.poll() is None, self.output.read_text()
            found = self.state.running()
            return found if found and found.serving and found.pid == process.pid else None

        return process, eventually(serving, "the portal serves", START_SECONDS)

    def pid_of(self, part: str) -> int:
        try:
            return int(json.loads((self.state.run / f"{part}.pid").read_text())["pid"])
        except (OSError, ValueError):
            return 0

    def processes(self) -> list[str]:
        return [procfs.command_line(pid) for pid in procfs.marked_with(self.state.mark)]


@pytest.fixture
def portal(tmp_path):
    root = tmp_path / "state"
    root.mkdir()
    # what set-up has unpacked
    (root / "bin").symlink_to(ROOT / ".slipway" / "bin")
    portal = Portal(root)
    yield portal
    running = portal.state.running()
    if running:
        processes.send([running.pid], signal.SIGKILL)
    processes.end_marked(portal.state.mark, grace=0)


def answers(url: str) -> bool:
    with urllib.request.urlopen(url + "health/ready", timeout=10) as response:
        return response.status == 200


def alice(url: str, accounts: Path) -> int:
    token = json.loads(accounts.read_text())["users"]["alice"]["token"]
    request = urllib.request.Request(url + "api/v1/offerings/", headers={"Authorization": f"Token {token}"})
    with urllib.request.urlopen(request, timeout=10) as response:
        return response.status


def test_it_serves_restarts_what_crashes_and_leaves_no_process_behind(portal):
    process, running = portal.serve()
    assert answers(running.url)
    assert {path.stem for path in portal.state.run.glob("*.pid")} == PARTS
    assert (portal.state.root / "demo.json").stat().st_mode & 0o777 == 0o600

    status, said = portal.run("up")
    assert status == 0
    assert f"already running at {running.url} (process {process.pid})" in said

    worker = portal.pid_of("worker")
    processes.send([worker], signal.SIGKILL)
    eventually(lambda: portal.pid_of("worker") not in {0, worker}, "the worker is started again")
    assert (
        "worker ended unexpectedly with signal SIGKILL; starting it again in 1 s" in portal.output.read_text()
    )

    process.send_signal(signal.SIGINT)
    assert process.wait(40) == 0
    assert portal.processes() == []
    assert list(portal.state.run.glob("*.pid")) == []
    assert portal.run("status")[0] == 1


def test_after_a_killed_supervisor_the_next_start_recovers_and_keeps_the_data(portal):
    process, first = portal.serve()
    accounts = (portal.state.root / "demo.json").read_text()
    # a part that cannot take the kernel's SIGTERM is what the next start has to find
    processes.send([portal.pid_of("beat")], signal.SIGSTOP)
    process.kill()
    process.wait()
    assert portal.state.running() is None
    assert portal.processes(), "the stopped part is still there"

    process, second = portal.serve()
    assert "The last run was killed; ended" in portal.output.read_text()
    assert answers(second.url)
    assert alice(second.url, portal.state.root / "demo.json") == 200
    kept = json.loads((portal.state.root / "demo.json").read_text())
    assert kept["users"] == json.loads(accounts)["users"]
    assert kept["url"] == second.url != first.url

    assert portal.run("down")[0] == 0
    assert process.wait(10) == 0
    assert portal.processes() == []


def test_a_part_that_cannot_start_ends_the_start_with_its_own_words(portal):
    (portal.state.root / "sandbox").write_text("not a folder")
    status, said = portal.run("up")
    assert status == 1
    assert "sandbox ended with exit status" in said
    assert "sandbox.log" in said
    assert portal.processes() == []
