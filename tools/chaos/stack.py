"""A whole portal on PostgreSQL, of real processes that can be broken, for tests of faults.

    with Stack(Shape(workers=2), environment={"SLIPWAY_LEASE_SECONDS": "5"}) as stack:
        change = stack.alice.ask({...}, key="once")
        stack.kill("worker-1")
        stack.start("worker-1")
        stack.alice.follow(change)

Parts: valkey, sandbox, web, worker-1 …, beat-1 …, database. Links: database, cluster, as the portal has them.
"""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import yaml

from tools.chaos import library, procs, template
from tools.chaos.assembly import Shape, free_ports, plan_of, services, state_at
from tools.chaos.broker import Broker
from tools.chaos.client import Client
from tools.chaos.cluster import FAULTS, Cluster
from tools.chaos.database import Database
from tools.chaos.guardian import Guardian
from tools.chaos.links import Link, Loop
from tools.chaos.machine import DidNotStart, Machine
from tools.chaos.waiting import until
from tools.paths import ROOT, VENV_PYTHON, bin_dir
from tools.postgres import DATABASE, scratch
from tools.supervisor import processes, procfs
from tools.supervisor.ports import HOST

# on a machine that is busy with much else
PREPARE_SECONDS = 240.0
UNDER_WAY = "('queued', 'running')"


class Stack(Machine):
    """To be used as a context manager; in the end, however that comes, none of its processes is left."""

    def __init__(
        self,
        shape: Shape | None = None,
        *,
        seed: int = 0,
        environment: Mapping[str, str] | None = None,
        keep_alive: bool = False,
        links: bool = True,
        folder: Path | None = None,
    ) -> None:
        """`keep_alive`: what dies is started again after a second. `links`: database and cluster can be cut;
        without them nothing stands between. `folder` is kept, with its logs; without one nothing is."""
        self.dice = random.Random(seed)  # noqa: S311 dice, not a secret
        self._own = folder is None
        self.root = folder or Path(tempfile.mkdtemp(prefix="slipway-chaos-", dir=scratch()))
        super().__init__(state_at(self.root))
        self._shape, self._linked, self._wanted = shape or Shape(), links, dict(environment or {})
        self._keeps_alive = keep_alive
        self.database = Database()
        self.links: dict[str, Link] = {}
        self.helm_program = self.root / "bin" / "helm"
        self._guardian = Guardian(self.state.mark)
        self._guardian.remember("postgres", self.database.home)
        if self._own:
            self._guardian.remember("folder", self.root)

    def __enter__(self) -> Stack:
        try:
            self._launch()
        except BaseException:
            self.close()
            raise
        self.keep_alive = self._keeps_alive
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _launch(self) -> None:
        """Everything side by side; what waits for what is in the order of these lines."""
        self.helm_program.parent.mkdir()
        self.helm_program.symlink_to(bin_dir() / "helm")
        self.plan = plan_of(self.state, self._settings())
        self.environment = self.plan.environment
        self.cluster = Cluster(self.state.kubeconfig, bin_dir())
        self.broker = Broker(self.plan.broker_socket)
        for part in self.plan.foundation():
            self.add(part)
        self.database.create(template.migrated(self.environment))
        self.by_starter(self.database.start)
        for part in services(self.plan, self._shape):
            self.add(part)
        self.await_healthy("sandbox")
        self._prepare()
        self.await_healthy()
        accounts = json.loads((self.root / "demo.json").read_text())["users"]
        self.people = {name: Client(name, each["token"], self.plan.url) for name, each in accounts.items()}

    def _settings(self) -> dict[str, str]:
        web, sandbox, to_database, to_cluster = free_ports(4)
        url = self.database.url
        if self._linked:
            loop = self._loop = Loop()
            self.links["database"] = Link(loop, to_database, self.database.home / ".s.PGSQL.5432")
            self.links["cluster"] = Link(loop, to_cluster, sandbox)
            url = f"postgres://{DATABASE}@{HOST}:{to_database}/{DATABASE}"
        return {
            "SLIPWAY_PORT": str(web),
            "SLIPWAY_SANDBOX_PORT": str(sandbox),
            "SLIPWAY_DATABASE_URL": url,
            "SLIPWAY_LIBRARY_DIR": str(library.write(self.root / "catalog")),
            "SLIPWAY_HELM": str(self.helm_program),
            **self._wanted,
        }

    def _prepare(self) -> None:
        kubeconfig = self.root / "kubeconfig"
        content = yaml.safe_load(self.state.kubeconfig.read_text())
        if self._linked:
            content["clusters"][0]["cluster"]["server"] = f"https://{HOST}:{self.links['cluster'].port}"
        kubeconfig.touch(mode=0o600)
        kubeconfig.write_text(yaml.safe_dump(content))
        done = self.python("-m", "tools.chaos.prepare", str(kubeconfig), self.plan.url)
        if done.returncode:
            raise DidNotStart(f"The database could not be prepared:\n{done.stdout[-3000:]}")

    def close(self) -> None:
        """End everything and delete what is not to be kept."""
        self.database.resume()
        self.end()
        self.database.forget()
        self.database.stop()
        for link in self.links.values():
            link.cut()
        if self.links:
            self._loop.stop()
        self.database.remove()
        if self._own:
            shutil.rmtree(self.root, ignore_errors=True)
        self._guardian.dismiss()

    # Breaking: the parts of Machine, and the database as one more.

    def kill(self, name: str, *, tree: bool = True) -> list[int]:
        """SIGKILL for a part; see Machine.kill. The database stays down until `start`."""
        if name != "database":
            return super().kill(name, tree=tree)
        found = self.database.pids()
        self.database.crash()
        return found

    def stop(self, name: str) -> None:
        """Ask a part to end, and wait; the database cuts off its clients."""
        if name == "database":
            self.database.stop()
        else:
            super().stop(name)

    def start(self, name: str, *, wait: bool = True) -> None:
        """Start a part again; nothing when it runs."""
        if name != "database":
            super().start(name, wait=wait)
        elif not self.database.pids():
            self.by_starter(self.database.start)

    def restart(self, name: str) -> None:
        """As an administrator does: stop, start, wait until it is healthy."""
        self.stop(name)
        self.start(name)

    def pids(self, name: str) -> list[int]:
        """A part's processes, helm excepted: it gets no environment of ours."""
        return self.database.pids() if name == "database" else super().pids(name)

    def mend(self) -> None:
        """Whole again: links as new, no faults, everything running and answering."""
        for link in self.links.values():
            link.mend()
        if not self.database.pids():
            self.start("database")
        self.database.resume()
        for name in self.children:
            self.resume(name)
            self.start(name, wait=False)
        self.await_healthy()
        self.cluster.request("DELETE", FAULTS)

    def kill_child(self, worker: str = "worker-1", *, pid: int = 0) -> int:
        """SIGKILL for one process of a worker's pool: this one, one with a helm, or any; 0 for none."""
        pool = procs.children_of(self.main_pid(worker))
        busy = [each for each in pool if set(procs.children_of(each)) & set(self.helms())]
        if not pool and not pid:
            return 0
        chosen = pid or self.dice.choice(busy or pool)
        processes.send([chosen], signal.SIGKILL)
        return chosen

    def helms(self) -> list[int]:
        """The portal's helm processes now under way."""
        return procs.running(self.helm_program)

    def kill_helm(self, *, seconds: float = 0.0) -> list[int]:
        """SIGKILL for every helm of the portal's; waits so long for there to be one. Who was killed."""
        if seconds:
            until(self.helms, "a helm of the portal's is under way", seconds=seconds, every=0.01)
        found = self.helms()
        processes.send(found, signal.SIGKILL)
        return found

    def processes(self) -> dict[int, str]:
        """Everything alive that the stack or its parts have started, with its command line."""
        found = {*self.marked(), *self.helms(), *self.database.pids()}
        return {pid: _named(pid) for pid in found}

    # Looking

    @property
    def alice(self) -> Client:
        """A developer of the team shop."""
        return self.people["alice"]

    @property
    def pia(self) -> Client:
        """A developer of the team payments."""
        return self.people["pia"]

    def sql(self, query: str, *values: Any) -> list[dict[str, Any]]:
        """Rows of a query on the stack's database, past its link."""
        return self.database.rows(query, *values)

    def change(self, number: int) -> dict[str, Any]:
        """A change's row: state, phase, fencing_token, lease_owner, lease_expires_at, run_after …"""
        return self.sql("SELECT * FROM lifecycle_changerequest WHERE id = %s", number)[0]

    def worker_of(self, number: int) -> str:
        """The worker that holds the change's lease now; "" for none."""
        owner = str(self.change(number)["lease_owner"]).split(":")
        pid = int(owner[1]) if len(owner) > 1 else 0
        workers = [name for name in self.children if name.startswith("worker")]
        return next((name for name in workers if pid in self.pids(name)), "")

    def await_pending(self, namespace: str, release: str, *, seconds: float = 60) -> list[int]:
        """Wait until a helm of the portal's is in the middle of a release; the helms under way."""

        def begun() -> list[int]:
            mine = [each for each in self.cluster.records(namespace) if each.release == release]
            newest = max(mine, key=lambda each: each.revision, default=None)
            return self.helms() if newest is not None and newest.status.startswith("pending") else []

        return until(begun, f"helm has begun with {release}", seconds=seconds)

    def under_way(self) -> int:
        """Changes that a worker has to do something for."""
        query = f"SELECT count(*) AS many FROM lifecycle_changerequest WHERE state IN {UNDER_WAY}"  # noqa: S608
        return int(self.sql(query)[0]["many"])

    def settled(self, *, seconds: float = 120) -> None:
        """Wait until no change is queued or running. Raises NotInTime."""
        until(lambda: not self.under_way(), "every change has ended", seconds=seconds, every=0.2)

    def python(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run Python with the stack's settings; status and output."""
        return subprocess.run(
            [str(VENV_PYTHON), *words],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PREPARE_SECONDS,
            check=False,
        )

    def manage(self, *words: str) -> subprocess.CompletedProcess[str]:
        """`manage.py …` against the stack's database; status and output."""
        return self.python("manage.py", *words)


def _named(pid: int) -> str:
    return procfs.command_line(pid) or "(unnamed)"
