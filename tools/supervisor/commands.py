"""What `make demo`, `up`, `down`, `reset` and `status` do."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time

from tools import console
from tools.paths import ROOT, VENV_PYTHON
from tools.supervisor import accounts, parts, processes, procfs
from tools.supervisor.errors import CannotStart, Stopped
from tools.supervisor.state import Running, State
from tools.supervisor.supervise import Supervisor

SCENARIO = [str(VENV_PYTHON), "-m", "tools.scenario"]
STOP_SECONDS = 40.0
# what set-up has made; `make reset` keeps it
KEPT_BY_RESET = {"bin", "bootstrap", "node", "setup.lock", "run"}


def demo() -> int:
    """Serve, drive the main job, and keep serving unless ONCE is set."""
    once = os.environ.get("ONCE", "0") not in {"", "0", "false", "no"}
    return _serve(scenario=True, once=once)


def up() -> int:
    """Serve without the scenario; in the background when DETACH is set."""
    if os.environ.get("DETACH", "0") not in {"", "0", "false", "no"}:
        return _detach()
    return _serve(scenario=False, once=False)


def down() -> int:
    """Stop the supervisor of this state folder and whatever a killed one left."""
    state = State.here()
    running = state.running()
    if running:
        console.say(f"Stopping what serves {running.url} (process {running.pid}) …")
        _end_supervisor(running)
    ended = processes.end_marked(state.mark, grace=5.0)
    if ended:
        console.say(f"Stopped {len(ended)} left over: {_names(ended)}.")
    console.say("Stopped." if running or ended else "Nothing was running.")
    return 0


def reset() -> int:
    """Stop, then delete database, sandbox cluster, logs, accounts and keys."""
    down()
    state = State.here()
    gone = sorted(entry for entry in state.root.iterdir() if entry.name not in KEPT_BY_RESET)
    for entry in gone:
        shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
    console.say(f"Deleted from {state.root}: {', '.join(entry.name for entry in gone) or 'nothing'}.")
    return 0


def status() -> int:
    """Say what runs."""
    state = State.here()
    running = state.running()
    if not running:
        console.say("Not running. Start it with: make up")
        return 1
    console.say(f"{'Serving' if running.serving else 'Starting'} {running.url} (process {running.pid}).")
    for pid in sorted(procfs.marked_with(state.mark)):
        console.say(f"  {pid:>8}  {procfs.command_line(pid)[:110]}")
    return 0


def _serve(*, scenario: bool, once: bool) -> int:
    state = State.here()
    lock = state.lock()
    if lock is None:
        return _already_running(state, scenario=scenario)
    if not os.environ.get("_SLIPWAY_DETACHED") and "MAKELEVEL" in os.environ:
        processes.die_with_parent(os.getppid())
    ended = processes.end_marked(state.mark, grace=5.0)
    if ended:
        console.warn(f"The last run was killed; ended {len(ended)} that it left: {_names(ended)}.")
    plan = parts.make_plan(state)
    supervisor = Supervisor(plan)
    code = 0
    try:
        started = time.monotonic()
        console.heading("Starting")
        state.describe(plan.url, serving=False)
        supervisor.launch([*plan.foundation(), *plan.early()])
        supervisor.prepare(["-m", "tools.prepare", plan.url, str(plan.sandbox_port)])
        supervisor.launch(plan.services())
        supervisor.await_healthy()
        state.describe(plan.url, serving=True)
        console.done("serving", time.monotonic() - started, plan.url)
        if scenario:
            code = 1 if supervisor.attend(SCENARIO) else 0
        if not once:
            accounts.show(state, plan)
            supervisor.serve()
    except Stopped as stopped:
        console.say()
        code = 130 if once else code
        console.say(f"Stopping ({stopped}) …")
    finally:
        supervisor.stop()
        (state.run / "supervisor.json").unlink(missing_ok=True)
        lock.close()
    if not once:
        console.say(f"Stopped. The data is kept in {state.root}; `make reset` deletes it.")
    return code


def _already_running(state: State, *, scenario: bool) -> int:
    running = state.running()
    if running is None or not running.serving:
        raise CannotStart(f"Another start from this checkout is under way ({state.run / 'supervisor.lock'}).")
    console.say(f"Slipway is already running at {running.url} (process {running.pid}). `make down` stops it.")
    if not scenario:
        return 0
    console.say("Driving the scenario against it.")
    sys.stdout.flush()
    return subprocess.run(SCENARIO, cwd=ROOT, check=False).returncode


def _detach() -> int:
    """Start the supervisor in a session of its own and return when it serves."""
    state = State.here()
    if state.running():
        return _serve(scenario=False, once=False)
    log = state.log / "supervisor.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "tools.supervisor", "up"],
            cwd=ROOT,
            env={**os.environ, "DETACH": "", "_SLIPWAY_DETACHED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        since = output.tell()
    while process.poll() is None:
        running = state.running()
        if running and running.serving and running.pid == process.pid:
            console.say(
                f"Serving {running.url} in the background (process {running.pid}). `make down` stops it."
            )
            return 0
        time.sleep(0.05)
    with log.open("rb") as file:
        file.seek(since)
        raise CannotStart("The start failed:\n" + file.read().decode(errors="replace").strip())


def _end_supervisor(running: Running) -> None:
    processes.send([running.pid], signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while procfs.start_ticks(running.pid) == running.start_ticks:
        if time.monotonic() > deadline:
            processes.send([running.pid], signal.SIGKILL)
        time.sleep(0.05)


def _names(command_lines: list[str]) -> str:
    return ", ".join(sorted({line[:60] or "(unnamed)" for line in command_lines}))
