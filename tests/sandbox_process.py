"""A sandbox cluster as a process of its own, for tests: started, restarted, killed, always stopped."""

from __future__ import annotations

import base64
import http.client
import json
import os
import signal
import ssl
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from portal.sandbox import addons as known_addons

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 30
EMPTY_SECONDS = 30
PATIENCE_SECONDS = 2
# of every cluster, and of what the addons bring
KEPT = {"default"} | {
    document["metadata"]["name"]
    for addon in known_addons.known()
    for document in known_addons.documents(addon)
    if document["kind"] == "Namespace"
}


class SandboxDidNotStart(AssertionError):
    pass


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: Any


@dataclass
class SandboxProcess:
    """`kubeconfig` is the administrator's; it stays the same file over restarts, as does the port."""

    data: Path
    kubeconfig: Path
    port: int = 0
    addons: str = ""
    log: Path = field(init=False)
    _process: subprocess.Popen[str] | None = None
    _connection: http.client.HTTPSConnection | None = None
    _token: str = ""

    def __post_init__(self) -> None:
        self.log = self.data.parent / f"{self.data.name}.log"

    @property
    def url(self) -> str:
        return str(self._read()["clusters"][0]["cluster"]["server"])

    @property
    def admin_token(self) -> str:
        return str(self._read()["users"][0]["user"]["token"])

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def ssl_context(self) -> ssl.SSLContext:
        """Trusts this cluster's authority and no other."""
        pem = base64.b64decode(self._read()["clusters"][0]["cluster"]["certificate-authority-data"]).decode()
        return ssl.create_default_context(cadata=pem)

    @property
    def environment(self) -> dict[str, str]:
        """For helm and kubectl."""
        home = self.data.parent / "home"
        home.mkdir(exist_ok=True)
        return {"KUBECONFIG": str(self.kubeconfig), "HOME": str(home), "PATH": os.defpath}

    def start(self) -> SandboxProcess:
        command = [
            sys.executable, "-m", "portal.sandbox", "--port", str(self.port), "--data", str(self.data),
            "--kubeconfig", str(self.kubeconfig), "--addons", self.addons,
        ]  # fmt: skip
        with self.log.open("a") as log:
            self._process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=log, text=True, cwd=ROOT, start_new_session=True
            )
        timer = _kill_after(self._process, START_SECONDS)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        timer.cancel()
        if "ready" not in line:
            self.stop()
            raise SandboxDidNotStart(f"{line}{self.log.read_text()}")
        self.port = int(self.url.rpartition(":")[2])
        self._token = self.admin_token
        return self

    def stop(self) -> int:
        """Stop cleanly (SIGTERM); the exit code."""
        return self._end(signal.SIGTERM)

    def kill(self) -> int:
        """Stop as a power cut would (SIGKILL)."""
        return self._end(signal.SIGKILL)

    def restart(self) -> SandboxProcess:
        self.stop()
        return self.start()

    def empty(self) -> None:
        """Delete every namespace that tests have made, and wait until they are gone."""
        path = "/api/v1/namespaces"

        def made() -> list[str]:
            names = [each["metadata"]["name"] for each in self.request("GET", path).body["items"]]
            return [name for name in names if name not in KEPT and not name.startswith("kube-")]

        for name in made():
            self.request("DELETE", f"{path}/{name}")
        end = time.monotonic() + EMPTY_SECONDS
        patience = time.monotonic() + PATIENCE_SECONDS
        while left := made():
            if time.monotonic() > patience:
                for name in left:
                    self._release(name)
            if time.monotonic() > end:
                raise AssertionError(f"namespaces do not go: {left}")
            time.sleep(0.02)

    def _release(self, namespace: str) -> None:
        """Let go what a test has left with a finalizer that nobody else would take away."""
        for group in ("/api/v1", "/apis/apps/v1", "/apis/batch/v1"):
            for kind in self.request("GET", group).body["resources"]:
                if (
                    not kind["namespaced"]
                    or "/" in kind["name"]
                    or not {"list", "patch"} <= set(kind["verbs"])
                ):
                    continue
                path = f"{group}/namespaces/{namespace}/{kind['name']}"
                for each in self.request("GET", path).body.get("items") or []:
                    if each["metadata"].get("finalizers") and each["metadata"].get("deletionTimestamp"):
                        self.request(
                            "PATCH",
                            f"{path}/{each['metadata']['name']}",
                            {"metadata": {"finalizers": None}},
                            content_type="application/merge-patch+json",
                        )

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        content_type: str = "application/json",
        headers: dict[str, str] | None = None,
        token: str | None = None,
    ) -> Answer:
        """One request; `body` is sent as JSON unless it is text or bytes already."""
        data = None if body is None else body if isinstance(body, bytes) else _text(body).encode()
        sent = {"Authorization": f"Bearer {token or self._token}", "User-Agent": "python-requests/2"}
        if data is not None:
            sent["Content-Type"] = content_type
        sent.update(headers or {})
        if self._connection is None:
            self._connection = self.connect()
        try:
            self._connection.request(method, path, data, sent)
            response = self._connection.getresponse()
            return _answer(response.status, response.headers, response.read(), events="watch=true" in path)
        except (OSError, http.client.HTTPException):
            # a broken exchange must not spoil the next one
            self._connection.close()
            raise

    def connect(self) -> http.client.HTTPSConnection:
        """A connection of the caller's own, for watches and for threads."""
        host, port = self.url.removeprefix("https://").rsplit(":", 1)
        return http.client.HTTPSConnection(host, int(port), context=self.ssl_context, timeout=30)

    def _read(self) -> Any:
        return yaml.safe_load(self.kubeconfig.read_text())

    def _end(self, number: signal.Signals) -> int:
        if self._process is None:
            return 0
        process, self._process = self._process, None
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        process.send_signal(number)
        try:
            code = process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait(10)
        if process.stdout is not None:
            process.stdout.close()
        return code


def start_sandbox(folder: Path, *, port: int = 0, addons: str = "") -> SandboxProcess:
    """A running cluster with its data under `folder`."""
    return SandboxProcess(folder / "sandbox", folder / "kubeconfig", port, addons).start()


def _kill_after(process: subprocess.Popen[str], seconds: float) -> Any:
    timer = threading.Timer(seconds, process.kill)
    timer.daemon = True
    timer.start()
    return timer


def _text(body: Any) -> str:
    return body if isinstance(body, str) else json.dumps(body)


def _answer(status: int, headers: Any, raw: bytes, *, events: bool = False) -> Answer:
    """`events`: one JSON document a line, as watches answer."""
    text = raw.decode()
    if not headers.get("Content-Type", "").startswith("application/json"):
        return Answer(status, dict(headers), text)
    if events:
        return Answer(status, dict(headers), [json.loads(line) for line in text.splitlines()])
    return Answer(status, dict(headers), json.loads(text) if text else None)
