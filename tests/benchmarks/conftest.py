"""The whole portal for benchmarks, as `make up` starts it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import tools
from tests.fixtures.worker import until
from tools.paths import ROOT
from tools.scenario.api import Person


@dataclass
class Stack:
    root: Path
    alice: Person
    password: str

    @property
    def kubeconfig(self) -> Path:
        return self.root / "sandbox" / "kubeconfig"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The whole portal, as `make up` starts it, with a state folder and ports of its own."""
    root = tmp_path_factory.mktemp("stack") / "state"
    root.mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SLIPWAY_", "DJANGO_"))}
    environment = {
        **kept,
        "SLIPWAY_DATA_DIR": str(root),
        "SLIPWAY_PORT": "0",
        "SLIPWAY_SANDBOX_PORT": "0",
        "SLIPWAY_HELM": str(tools.helm()),
    }
    output = (root.parent / "output").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "tools.supervisor", "up"],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
    )

    def serving() -> dict | None:
        assert process.poll() is None, (root.parent / "output").read_text()
        state = root / "run" / "supervisor.json"
        found = json.loads(state.read_text()) if state.exists() else {}
        return found if found.get("serving") else None

    try:
        found = until(serving, seconds=120, every=0.2)
        accounts = json.loads((root / "demo.json").read_text())
        alice = accounts["users"]["alice"]
        yield Stack(root, Person("alice", alice["token"], found["url"]), alice["password"])
    finally:
        process.terminate()
        process.wait(60)
        output.close()
