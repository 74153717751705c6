"""The disk on which the logs are is full."""

from __future__ import annotations

from pathlib import Path

from tests.faults.parts import running_with
from tests.faults.service import Service
from tools.chaos.stack import Stack

FULL = Path("/dev/full")


def test_workers_web_and_beat_whose_log_is_full_do_their_work(stack: Stack, service: Service) -> None:
    service.created()
    with running_with(stack, {"worker-1": {}, "worker-2": {}, "web": {}, "beat-1": {}}, log=FULL):
        for name in ("worker-1", "web"):
            assert Path(f"/proc/{stack.main_pid(name)}/fd/2").readlink() == FULL
        change = service.update(text="nothing to write on", hookSeconds=1)
        service.proved(change, "nothing to write on", attempts=["succeeded"])
        assert "helm upgrade --install" in service.log(change)
