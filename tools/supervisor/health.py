"""Is a part ready? Each check is quick, asks the part itself, and never raises."""

from __future__ import annotations

import base64
import http.client
import re
import socket
import ssl
from pathlib import Path

_SECONDS = 2.0


def valkey_answers(path: Path) -> bool:
    """PING over its socket."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(_SECONDS)
            connection.connect(str(path))
            connection.sendall(b"PING\r\n")
            return connection.recv(16) == b"+PONG\r\n"
    except OSError:
        return False


def http_ok(host: str, port: int, path: str, context: ssl.SSLContext | None = None) -> bool:
    """Whether a GET is answered with 200."""
    connection = (
        http.client.HTTPSConnection(host, port, timeout=_SECONDS, context=context)
        if context
        else http.client.HTTPConnection(host, port, timeout=_SECONDS)
    )
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def cluster_ready(kubeconfig: Path, host: str, port: int) -> bool:
    """/readyz of the sandbox, trusting only the authority that its kubeconfig names."""
    try:
        found = re.search(r"certificate-authority-data: *\"?([A-Za-z0-9+/=]+)", kubeconfig.read_text())
        authority = base64.b64decode(found[1]).decode() if found else None
        context = ssl.create_default_context(cadata=authority)
    except (OSError, ValueError, ssl.SSLError):
        return False
    return http_ok(host, port, "/readyz", context)


def log_says(log: Path, since: int, words: bytes) -> bool:
    """Whether a part has written `words` after byte `since` of its log."""
    try:
        with log.open("rb") as file:
            file.seek(since)
            return words in file.read()
    except OSError:
        return False
