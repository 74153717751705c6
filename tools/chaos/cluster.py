"""The stack's cluster, seen past the link that the portal comes by: kubectl, helm, raw requests, faults."""

from __future__ import annotations

import base64
import gzip
import http.client
import json
import os
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

SECONDS = 60
FAULTS = "/sandbox/faults"


class ClusterSaidNo(AssertionError):
    """A command or request failed; the message is what was said."""


@dataclass(frozen=True)
class HelmRecord:
    """One revision of a release, as helm keeps it in a Secret."""

    namespace: str
    release: str
    revision: int
    status: str
    description: str
    manifest: str
    hooks: str


@dataclass(frozen=True)
class Cluster:
    """`kubeconfig` is the administrator's, straight to the cluster."""

    kubeconfig: Path
    programs: Path

    def kubectl(self, *words: str, check: bool = True) -> str:
        """What it prints. Raises ClusterSaidNo."""
        return self._run("kubectl", words, check)

    def helm(self, *words: str, check: bool = True) -> str:
        """What it prints. Raises ClusterSaidNo."""
        return self._run("helm", words, check)

    def _run(self, program: str, words: tuple[str, ...], check: bool) -> str:
        done = subprocess.run(
            [str(self.programs / program), "--kubeconfig", str(self.kubeconfig), *words],
            env={"HOME": str(self.kubeconfig.parent), "PATH": os.defpath},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        if check and done.returncode:
            raise ClusterSaidNo(f"{program} {' '.join(words)}: {done.stderr.strip()[:1000]}")
        return done.stdout

    def request(self, method: str, path: str, body: Any = None) -> Any:
        """A request of the administrator's; the parsed answer. Raises ClusterSaidNo, OSError."""
        config = yaml.safe_load(self.kubeconfig.read_text())
        server, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        authority = base64.b64decode(server["certificate-authority-data"]).decode()
        host, _, port = server["server"].removeprefix("https://").rpartition(":")
        connection = http.client.HTTPSConnection(
            host, int(port), timeout=10, context=ssl.create_default_context(cadata=authority)
        )
        headers = {"Authorization": f"Bearer {user['token']}", "Content-Type": "application/json"}
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            raw = response.read()
        except http.client.HTTPException as broken:
            raise ConnectionError(str(broken)) from broken
        finally:
            connection.close()
        if response.status >= 400:
            raise ClusterSaidNo(f"{method} {path}: {response.status} {raw[:500]!r}")
        return json.loads(raw) if raw else None

    def get(self, path: str) -> dict[str, Any] | None:
        """One object, None when it is not there."""
        try:
            found: dict[str, Any] = self.request("GET", path)
        except ClusterSaidNo as said:
            if ": 404 " in str(said):
                return None
            raise
        return found

    def records(self, namespace: str = "") -> list[HelmRecord]:
        """All that helm keeps, of one namespace or of all."""
        where = f"namespaces/{namespace}/" if namespace else ""
        found = self.request("GET", f"/api/v1/{where}secrets?labelSelector=owner%3Dhelm")
        return [record_of(item) for item in found["items"]]

    @contextmanager
    def fault(self, **said: Any) -> Iterator[None]:
        """The API server misbehaves for all, this class excepted; portal/sandbox/faults.py says how:
        latencySeconds, errorRate with status, cutRate, outageSeconds, paths, methods, count."""
        self.request("PUT", FAULTS, said)
        try:
            yield
        finally:
            self.request("DELETE", FAULTS)


def record_of(secret: dict[str, Any]) -> HelmRecord:
    """Helm's own encoding: base64 of gzip of JSON, in a Secret's base64."""
    labels, metadata = secret["metadata"]["labels"], secret["metadata"]
    stored = json.loads(gzip.decompress(base64.b64decode(base64.b64decode(secret["data"]["release"]))))
    return HelmRecord(
        namespace=metadata["namespace"],
        release=labels["name"],
        revision=int(labels["version"]),
        status=stored["info"]["status"],
        description=stored["info"].get("description") or "",
        manifest=stored.get("manifest") or "",
        hooks="".join(f"\n---\n{hook.get('manifest') or ''}" for hook in stored.get("hooks") or ()),
    )
