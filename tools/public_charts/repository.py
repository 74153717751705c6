"""A folder of packed charts as a Helm repository on loopback."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Nothing: what matters is said at the end."""


@contextmanager
def served(charts: Sequence[Path], work: Path) -> Iterator[str]:
    """The address of a repository with these archives, indexed by helm itself."""
    folder = work / "repository"
    folder.mkdir()
    for chart in charts:
        shutil.copy(chart, folder / chart.name)
    helm(work, "repo", "index", str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def helm(work: Path, *arguments: str) -> str:
    """What plain helm says. Raises CalledProcessError."""
    command = [os.environ["SLIPWAY_HELM"], *arguments]
    environment = {"HOME": str(work), "HELM_NO_PLUGINS": "1"}
    done = subprocess.run(command, env=environment, check=False, capture_output=True)
    # not as text, which would change the ends of its lines
    out, said = done.stdout.decode(), done.stderr.decode()
    if done.returncode:
        raise subprocess.CalledProcessError(done.returncode, command, out, said)
    return out
